"""Choosing a highlight: by words, by date, at random, by id."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from lib.databases import choosing, highlights
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    import pandas as pd

    from lib.connection import Connection
    from tests.conftest import MakeDatabase, Open

EVENT = ["id", "text", "embedding_model", "created_at"]


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


EVENTS: list[tuple[Any, ...]] = [
    (1, "The white whale", "m", _at("2024-02-28 23:59:59")),
    (2, "100% of it", None, _at("2024-02-29 00:00:00")),
    (3, "100 percent", "m", _at("2024-02-29 23:59:59")),
    (4, None, "m", _at("2024-03-01 00:00:00")),
    (5, "a_b and a\\b", "k", None),
    (6, "aXb", "k", _at("2023-01-01 12:00:00")),
    (7, "été à la PLAGE", "k", _at("2025-12-31 12:00:00")),
]


@pytest.fixture
def dsn(make_database: MakeDatabase) -> str:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(dsn, "events", EVENT, EVENTS)
    return dsn


@pytest.fixture
def library(dsn: str, open_connection: Open) -> Connection:
    return open_connection(settings_for(dsn))


def _find(
    library: Connection,
    words: str = "",
    since: str | None = None,
    until: str | None = None,
    most: int = 50,
) -> pd.DataFrame:
    dates = [None if day is None else dt.date.fromisoformat(day) for day in (since, until)]
    found: pd.DataFrame = library.run(choosing.find_highlights, words, *dates, most)
    return found


def _read(library: Connection, identifier: str) -> pd.Series:
    chosen: pd.Series | None = library.run(choosing.read_highlight, identifier)
    assert chosen is not None
    return chosen


# By words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("  ", [1, 2, 3, 4, 5, 6, 7]),
        ("WHITE", [1]),
        (" whale ", [1]),
        ("100", [2, 3]),
        ("100%", [2]),
        ("%", [2]),
        ("a_b", [5]),
        ("a\\b", [5]),
        ("\\", [5]),
        ("axb", [6]),
        ("ÉTÉ", [7]),
        ("white  whale", []),
        ("' OR true --", []),
    ],
)
def test_words_are_found_as_they_stand(
    library: Connection, words: str, expected: list[int]
) -> None:
    found = _find(library, words)
    assert found["id"].tolist() == expected
    assert found["found"].tolist() == [len(expected)] * len(expected)


def test_the_first_ones_are_listed_and_all_counted(library: Connection) -> None:
    found = _find(library, most=2)
    assert found["id"].tolist() == [1, 2]
    assert found["found"].tolist() == [7, 7]


def test_what_is_missing_is_said(library: Connection) -> None:
    found = _find(library).set_index("id")
    assert found.loc[4, "text"] == ""
    assert found.loc[2, "model"] == "unlabelled"
    assert str(found.loc[5, "created_at"]) == "NaT"
    assert found.loc[2, "created_at"] == _at("2024-02-29")


# By date


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2024-02-29", "2024-02-29", [2, 3]),
        ("2024-02-29", None, [2, 3, 4, 7]),
        (None, "2024-02-28", [1, 6]),
        ("2024-02-28", "2024-03-01", [1, 2, 3, 4]),
        ("2024-03-02", "2024-03-01", []),
        ("0001-01-01", "9999-12-31", [1, 2, 3, 4, 6, 7]),
    ],
)
def test_both_dates_count(
    library: Connection, since: str | None, until: str | None, expected: list[int]
) -> None:
    assert _find(library, "", since, until)["id"].tolist() == expected


def test_words_and_dates_hold_together(library: Connection) -> None:
    assert _find(library, "100", "2024-02-29", "2024-02-29")["id"].tolist() == [2, 3]
    assert _find(library, "percent", "2024-02-29")["id"].tolist() == [3]
    assert _find(library, "white", "2024-02-29")["id"].tolist() == []


def test_the_period_is_that_of_the_highlights_with_a_date(library: Connection) -> None:
    period = library.run(choosing.read_period)
    assert period == (dt.date(2023, 1, 1), dt.date(2025, 12, 31))


def test_no_dates_no_period(make_database: MakeDatabase, open_connection: Open) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    library = open_connection(settings_for(dsn))
    assert library.run(choosing.read_period) is None
    assert len(_find(library)) == 0
    assert library.run(choosing.draw_highlight, "", None, None) is None
    insert(dsn, "events", EVENT, [(1, "x", "m", None)])
    assert library.run(choosing.read_period) is None


def test_without_a_date_column_dates_do_not_filter(dsn: str, open_connection: Open) -> None:
    execute(dsn, "ALTER TABLE events DROP created_at", "ALTER TABLE events DROP embedding_model")
    library = open_connection(settings_for(dsn))
    found = _find(library, "", "2024-02-29", "2024-02-29")
    assert found["id"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert found["created_at"].isna().all()
    assert set(found["model"]) == {"unlabelled"}
    assert library.run(choosing.read_period) is None
    chosen = _read(library, "3")
    assert (chosen["text"], chosen["model"], chosen["created_at"]) == (
        "100 percent",
        "unlabelled",
        None,
    )


@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_dates_of_other_types(dsn: str, open_connection: Open, kind: str) -> None:
    execute(
        dsn, f"ALTER TABLE events ALTER created_at TYPE {kind} USING created_at AT TIME ZONE 'UTC'"
    )
    library = open_connection(settings_for(dsn))
    assert _find(library, "", "2024-02-29", "2024-02-29")["id"].tolist() == [2, 3]
    assert library.run(choosing.read_period) == (dt.date(2023, 1, 1), dt.date(2025, 12, 31))


# At random


def test_draws_reach_every_highlight_and_no_other(library: Connection) -> None:
    """Of three, 60 draws miss one with a chance of 3 · (2/3)^60, one in ten billion."""
    day = dt.date(2024, 2, 29)
    drawn = {library.run(choosing.draw_highlight, "", day, day) for _ in range(60)}
    assert drawn == {"2", "3"}
    assert {library.run(choosing.draw_highlight, "100%", None, None) for _ in range(5)} == {"2"}
    everything = {library.run(choosing.draw_highlight, "a", None, None) for _ in range(60)}
    assert everything == {"1", "5", "6", "7"}
    assert library.run(choosing.draw_highlight, "nowhere", None, None) is None


# By id


@pytest.mark.parametrize("identifier", ["8", "", "x", "1 OR true", "99999999999999999999"])
def test_an_id_that_is_not_there_is_no_highlight(library: Connection, identifier: str) -> None:
    assert library.run(choosing.read_highlight, identifier) is None


def test_a_highlight_by_its_id(library: Connection) -> None:
    chosen = _read(library, "2")
    assert chosen["id"] == 2
    assert chosen["text"] == "100% of it"
    assert chosen["model"] == "unlabelled"
    assert chosen["created_at"] == _at("2024-02-29")
    assert _read(library, "4")["text"] == ""


def test_ids_of_text_may_be_anything(dsn: str, open_connection: Open) -> None:
    execute(dsn, "ALTER TABLE events ALTER id TYPE text USING 'it''s ' || id || '%'")
    library = open_connection(settings_for(dsn))
    assert _read(library, "it's 3%")["text"] == "100 percent"
    drawn = library.run(choosing.draw_highlight, "percent", None, None)
    assert drawn == "it's 3%"


@pytest.mark.parametrize("hostile", ["\x00", "a\x00b", "\ud800"])
def test_what_no_database_holds_is_not_found(library: Connection, hostile: str) -> None:
    assert library.run(choosing.read_highlight, hostile) is None
    assert len(_find(library, hostile)) == 0
    assert library.run(choosing.draw_highlight, hostile, None, None) is None


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-03-15 BC", "20000-01-01"])
def test_dates_beyond_our_calendar_break_nothing(
    dsn: str, open_connection: Open, moment: str
) -> None:
    execute(dsn, f"UPDATE events SET created_at = '{moment}' WHERE id = 1")
    library = open_connection(settings_for(dsn))
    period = library.run(choosing.read_period)
    assert period is not None
    assert period[0] <= dt.date(2023, 1, 1) < dt.date(2025, 12, 31) <= period[1]
    assert len(_find(library)) == len(EVENTS)
    assert _read(library, "1")["text"] == "The white whale"
    assert len(library.run(highlights.read_texts)) == len(EVENTS)
