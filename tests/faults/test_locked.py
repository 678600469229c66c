"""Tables that somebody else has locked."""

from __future__ import annotations

import pytest

from lib.databases import indexes
from lib.errors import QueryTimeout
from tests.conftest import Open
from tests.faults.locks import locked
from tests.faults.servers import PASSAGES, Server
from tests.faults.timing import (
    ANSWER_SECONDS,
    RECOVERY_SECONDS,
    ask,
    count_highlights,
    count_passages,
)


def test_a_locked_table(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    with locked(server, "chunks"):
        outcome = ask(connection, count_passages).noted("table locked")
        error = outcome.within(ANSWER_SECONDS).refused()
        assert isinstance(error, QueryTimeout)
        assert "locked" in error.message
        # The other database is not concerned.
        ask(connection, count_highlights).within(RECOVERY_SECONDS).answered()
    back = ask(connection, count_passages).noted("table locked: free again")
    assert back.within(RECOVERY_SECONDS).answered() == PASSAGES


def test_a_locked_table_whose_indexes_are_looked_up(server: Server, open_connection: Open) -> None:
    connection = open_connection(server.settings())
    ask(connection, count_passages).answered()
    with locked(server, "chunks, chunk_embeddings"):
        outcome = ask(connection, indexes.check_indexes, ["model-a"])
        outcome.noted("table locked: its indexes looked up").within(ANSWER_SECONDS)
        error = outcome.refused()
        assert isinstance(error, QueryTimeout)
        assert "locked" in error.message


@pytest.mark.parametrize("catalogue", ["pg_extension", "pg_class, pg_attribute"])
def test_a_locked_catalogue(server: Server, open_connection: Open, catalogue: str) -> None:
    connection = open_connection(server.settings())
    with locked(server, catalogue):
        outcome = ask(connection, count_passages).noted(f"catalogue locked: {catalogue}")
        error = outcome.within(ANSWER_SECONDS).refused()
        assert isinstance(error, QueryTimeout)
        assert "locked" in error.message
    assert ask(connection, count_passages).within(RECOVERY_SECONDS).answered() == PASSAGES
