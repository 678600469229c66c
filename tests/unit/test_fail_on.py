"""The conditions of `--fail-on`."""

from __future__ import annotations

import pytest

from lib.errors import SettingsError
from lib.report.checks import parse
from tests.unit.builders import make_report


@pytest.mark.parametrize("written", ["match-rate<0.4", "match-rate < 0.4", "match-rate<.4"])
def test_a_match_rate_fails_below_its_bound_only(written: str) -> None:
    condition = parse(written)
    assert condition.written == written
    reason = condition.reason(make_report(rate=0.3999))
    assert reason is not None
    assert "0.4" in reason
    assert condition.reason(make_report(rate=0.4)) is None
    assert condition.reason(make_report(rate=0.41)) is None


def test_an_unknown_match_rate_fails() -> None:
    reason = parse("match-rate<0.4").reason(make_report(rate=None))
    assert reason is not None
    assert "unknown" in reason


def test_the_match_rate_includes_the_fallback() -> None:
    report = make_report(rate=0.75)
    assert report["matching"]["any_window"]["rate"] < 0.6
    assert parse("match-rate<0.6").reason(report) is None


def test_a_mismatch_within_one_label_fails() -> None:
    reason = parse("mismatch").reason(make_report("nomic", "mismatched"))
    assert reason is not None
    assert "nomic" in reason
    for verdict in ("aligned", "inconclusive"):
        assert parse("mismatch").reason(make_report("nomic", verdict)) is None


def test_a_mismatch_between_two_labels_is_no_failure() -> None:
    report = make_report("nomic", "mismatched")
    report["alignment"]["verdicts"][0]["passage_model"] = "gemini"
    assert parse("mismatch").reason(report) is None


@pytest.mark.parametrize("written", ["suspects>10", "suspects > 10", "suspects>010"])
def test_more_suspects_than_allowed_fail(written: str) -> None:
    condition = parse(written)
    assert condition.written == written
    report = make_report()
    report["alignment"]["suspected"] = 11
    reason = condition.reason(report)
    assert reason is not None
    assert "11 rows" in reason
    assert "more than 10" in reason
    for suspected in (0, 9, 10):
        report["alignment"]["suspected"] = suspected
        assert condition.reason(report) is None


def test_no_suspect_may_be_allowed_and_thousands_are_grouped() -> None:
    report = make_report()
    report["alignment"]["suspected"] = 12_345
    assert "12,345 rows" in str(parse("suspects>0").reason(report))
    report["alignment"]["suspected"] = 0
    assert parse("suspects>0").reason(report) is None


def test_suspects_are_counted_even_where_not_all_are_listed() -> None:
    # The report lists the most certain ones only.
    report = make_report()
    report["alignment"]["suspected"] = 900
    assert len(report["alignment"]["suspects"]) == 1
    assert parse("suspects>899").reason(report) is not None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "mismatches",
        "match-rate",
        "match-rate<",
        "match-rate>0.4",
        "match-rate<1.1",
        "match-rate<-1",
        "match-rate<40%",
        "match-rate<nan",
        "suspects",
        "suspects>",
        "suspects>-1",
        "suspects>1.5",
        "suspects<3",
        "suspects>=3",
    ],
)
def test_what_is_no_condition_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(written)
    assert "--fail-on" in caught.value.message
    assert "match-rate<0.4" in caught.value.hint
