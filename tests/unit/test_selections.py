"""Statements for people to run: every value and name quoted as its type needs it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from lib.databases.columns import Column
from lib.databases.relations import Relation
from lib.databases.selections import select_rows

HOSTILE = "a'; DROP TABLE x; --"


def _relation(
    type_name: str,
    column: str = "id",
    table: str = "passages",
    schema: str = "public",
    label: str | None = "model",
) -> Relation:
    columns = {"id": Column(column, type_name)}
    if label is not None:
        columns["embedding_model"] = Column(label, "text")
    return Relation("embeddings", "knowledge_base", schema, table, is_view=False, columns=columns)


def _select(relation: Relation, ids: list[Any], label: str | None = None) -> str:
    """The statement without its comment."""
    comment, statement = select_rows(relation, "id", ids, label, "why").split("\n", 1)
    assert comment == "-- why"
    return statement


@pytest.mark.parametrize("type_name", ["int2", "int4", "int8", "numeric"])
def test_numbers_are_written_as_numbers(type_name: str) -> None:
    statement = _select(_relation(type_name), [3, 12, -5])
    assert statement == 'SELECT * FROM "public"."passages"\nWHERE "id" IN (3, 12, -5);'


@pytest.mark.parametrize(
    ("type_name", "value", "literal"),
    [
        ("text", "plain", "'plain'::\"text\""),
        ("varchar", "it's", "'it''s'::\"varchar\""),
        ("text", HOSTILE, "'a''; DROP TABLE x; --'::\"text\""),
        ("text", "7", "'7'::\"text\""),
        ("text", "two\nlines", "'two\nlines'::\"text\""),
        ("text", "back\\slash", "'back\\slash'::\"text\""),
        ("text", "", "''::\"text\""),
        (
            "uuid",
            uuid.UUID(int=5),
            "'00000000-0000-0000-0000-000000000005'::\"uuid\"",
        ),
        ('odd"type', "x", '\'x\'::"odd""type"'),
    ],
)
def test_everything_else_is_quoted_and_cast(type_name: str, value: Any, literal: str) -> None:
    statement = _select(_relation(type_name), [value])
    assert statement == f'SELECT * FROM "public"."passages"\nWHERE "id" IN ({literal});'


def test_names_are_quoted_whatever_they_are() -> None:
    relation = _relation("int4", column='Id "x"', table="my table; --", schema="Sch.ema")
    assert _select(relation, [1]) == (
        'SELECT * FROM "Sch.ema"."my table; --"\nWHERE "Id ""x""" IN (1);'
    )


@pytest.mark.parametrize(
    ("label", "literal"), [("nomic", "'nomic'"), (HOSTILE, "'a''; DROP TABLE x; --'"), ("", "''")]
)
def test_a_label_narrows_it_down(label: str, literal: str) -> None:
    statement = _select(_relation("int4", label="Mo del"), [1, 2], label)
    assert statement == (
        f'SELECT * FROM "public"."passages"\nWHERE "Mo del"::text = {literal} AND "id" IN (1, 2);'
    )


def test_without_a_label_or_a_column_for_it_all_labels_are_meant() -> None:
    expected = 'SELECT * FROM "public"."passages"\nWHERE "id" IN (1);'
    assert _select(_relation("int4"), [1], None) == expected
    assert _select(_relation("int4", label=None), [1], "nomic") == expected


@pytest.mark.parametrize("type_name", ["int4", "uuid"])
def test_no_ids_select_no_rows(type_name: str) -> None:
    assert _select(_relation(type_name), []).endswith("WHERE false;")
    assert _select(_relation(type_name), [], "nomic").endswith(
        "WHERE \"model\"::text = 'nomic' AND false;"
    )


@pytest.mark.parametrize(
    "comment",
    [
        "two\nlines",
        "  two\r\n\tlines ",
        "two\rlines",
        "two\vlines",
        "two\u2028lines",
        "two\x85lines",
    ],
)
def test_a_comment_stays_on_its_line(comment: str) -> None:
    statement = select_rows(_relation("int4"), "id", [1], None, comment)
    assert statement.split("\nSELECT", 1)[0] == "-- two lines"
    assert len(statement.splitlines()) == 3


def test_a_comment_cannot_hold_a_statement() -> None:
    statement = select_rows(_relation("int4"), "id", [1], None, f"{HOSTILE}\nDROP TABLE y;")
    first, *rest = statement.splitlines()
    assert first.startswith("-- ")
    assert "DROP" not in "".join(rest)
