"""What holds for every page on the demo."""

from __future__ import annotations

import pytest

from lib.ui.asking import connection
from tests.pages.conftest import OpenPage, said
from tests.pgbouncer import PgBouncer

CHARTS = {"library": 3, "scores": 7, "alignment": 5, "matches": 4, "search": 0, "connect": 0}


@pytest.mark.parametrize("name", CHARTS)
def test_page_runs_in_its_frame(open_page: OpenPage, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [name.capitalize()]
    text = said(app)
    assert "This is the demo" in text
    assert "simulated" in text
    assert "life_dashboard" in text
    assert "knowledge_base" in text


@pytest.mark.parametrize("name", [name for name, count in CHARTS.items() if count])
def test_every_chart_is_named_and_downloadable(open_page: OpenPage, name: str) -> None:
    app = open_page(name)
    charts = app.get("vega_lite_chart")
    assert len(charts) == CHARTS[name]
    for chart in charts:
        assert len(chart.proto.alt) > 20
        assert '"title"' in chart.proto.spec
    # Charts that stand side by side to be compared share one table of figures.
    alone = [chart for chart in charts if not chart.proto.alt.startswith("Small multiple")]
    assert len(app.get("download_button")) >= len(alone)


@pytest.mark.parametrize("name", CHARTS)
def test_every_page_explains_itself(open_page: OpenPage, name: str) -> None:
    if name == "connect":
        assert "step by step" in said(open_page(name))
        return
    introduction = open_page(name).markdown
    assert any(len(element.value) > 60 for element in introduction)


def test_pages_read_by_the_way_that_is_tested(open_page: OpenPage, way: PgBouncer | None) -> None:
    open_page("library")
    settings = connection().settings
    through = way is not None and f"127.0.0.1:{way.port}/" in settings.dsn("knowledge_base")
    assert through == (settings.pools.pooler == "transaction") == (way is not None)
