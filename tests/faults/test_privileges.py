"""What roles may do is told on a standby as on its primary, although a standby takes no writes."""

from __future__ import annotations

from pathlib import Path

from lib.databases import doctor
from lib.databases.privileges import Privileges, check_privileges
from lib.demo.server import OWNER, READER
from lib.settings import KNOWLEDGE_BASE, LIFE_DASHBOARD, Settings
from tests.conftest import Open
from tests.faults.servers import Server, running, standby_of


def _settings(server: Server, role: str) -> Settings:
    return Settings().with_connections(
        server.dsn(LIFE_DASHBOARD, role), server.dsn(KNOWLEDGE_BASE, role)
    )


def test_a_standby_tells_what_roles_may_do(seed: Path, open_connection: Open) -> None:
    def found(server: Server, role: str) -> tuple[Privileges, ...]:
        return open_connection(_settings(server, role)).run(check_privileges)

    with running(seed) as primary, standby_of(primary) as standby:
        for role in (OWNER, READER):
            assert found(standby, role) == found(primary, role)
        assert all(each.too_powerful for each in found(standby, OWNER))
        assert not any(each.too_powerful for each in found(standby, READER))
        connection = open_connection(_settings(standby, READER))
        checks = connection.run_on_databases(doctor.examine)
    reached = [check.found for check in checks if check.step == "reach"]
    assert all(", standby, no TLS." in said for said in reached), reached
    assert all(f"127.0.0.1:{standby.port} takes connections" in said for said in reached)
    assert not [check for check in checks if check.state == "problem"]
