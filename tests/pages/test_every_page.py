"""What holds for every page on the demo."""

from __future__ import annotations

import pytest

from tests.pages.conftest import OpenPage, said

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
