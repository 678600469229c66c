"""The pairs behind the scores, with their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from lib.similarity.calibration import Background
from lib.similarity.pairs import COLUMNS, read_pairs
from tests.databases.library import TABLES, execute, insert, settings_for

if TYPE_CHECKING:
    from tests.conftest import MakeDatabase, Open

BACKGROUND = Background(np.linspace(0, 0.5, 99, dtype=np.float32), 9, 11, 0)
TITLES = pd.DataFrame({"book": ["1", "2"], "title": ["One", "Two"], "author": [None, None]})


def test_pairs_come_in_order_with_both_texts_and_what_they_are_worth(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    insert(
        dsn,
        "events",
        ["id", "text", "book_id"],
        [(1, "heard one", 1), (2, "heard two", None), (3, None, 1)],
    )
    insert(
        dsn,
        "chunks",
        ["chunk_id", "book_id", "content"],
        [(10, 1, "written ten"), (11, 2, "written eleven"), (12, 7, None)],
    )
    opened = open_connection(settings_for(dsn))
    table = opened.run(
        read_pairs,
        [3, 1, 1, 2],
        [11, 10, 12, 10],
        np.array([0.9, 0.5, 0.3, 0.1], dtype=np.float32),
        np.array([0, 0, 1, 0]),
        BACKGROUND,
        1_000,
        TITLES,
    )
    assert table.columns.tolist() == COLUMNS
    assert table["highlight"].tolist() == [3, 1, 1, 2]
    assert table["heard"].tolist() == ["", "heard one", "heard one", "heard two"]
    assert table["written"].tolist() == ["written eleven", "written ten", None, "written ten"]
    assert table["book"].tolist() == ["Two", "One", "7", "One"]
    assert table["own_book"].tolist() == ["no", "yes", "no", "unknown"]
    assert table["rank"].tolist() == [1, 1, 2, 1]
    assert table["expected"].tolist()[:2] == [10, 20]
    assert table["percentile"].iat[0] == 100
    assert table["chance"].iat[0] == "fewer than 10 passages"
    assert table["score"].tolist() == pytest.approx([0.9, 0.5, 0.3, 0.1])


def test_rows_that_are_gone_meanwhile_are_shown_without_text(
    make_database: MakeDatabase, open_connection: Open
) -> None:
    dsn = make_database("vector")
    execute(dsn, TABLES)
    table = open_connection(settings_for(dsn)).run(
        read_pairs, [1], [2], np.array([0.5], np.float32), np.array([0]), BACKGROUND, 10, TITLES
    )
    assert len(table) == 1
    assert table[["heard", "written", "book"]].isna().all(axis=None)
    assert table["own_book"].tolist() == ["unknown"]
    none = open_connection(settings_for(dsn)).run(
        read_pairs, [], [], np.empty(0, np.float32), np.empty(0, np.intp), BACKGROUND, 10, TITLES
    )
    assert none.columns.tolist() == COLUMNS
    assert none.empty
