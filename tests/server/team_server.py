"""A real Jupyter server with two teams, and a second process's hand on its database."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from headless import JupyterServer, jupyter_server

from lakesail_notebook.ids import new_id
from lakesail_notebook.jupyter.identity import member, roster_from
from lakesail_notebook.store.sql import SqlStore, open_store
from lakesail_notebook.workloads.records import MemberRecord, ServiceAccountRecord
from lakesail_notebook.workloads.rules import service_account_keys
from lakesail_notebook.workloads.store_port import Writing
from tests.builders import a_config, a_session, a_workload

from .header_identity import GROUPS_HEADER, USER_HEADER, HeaderIdentityProvider

PROJECT = Path(__file__).parents[2]
TOKEN = "token-of-the-team-server"
AUDIT_FILE = "audit.log"
TEAMS = {
    "RED": {"members": ["ada", "cal"], "admins": ["ted"], "groups": ["reds"]},
    "BLUE": {"members": ["sue"], "admins": ["bea"], "admin_groups": ["blue-leads"]},
}
ORGANIZATION_ADMINS = ["ola", "@owners"]

T = TypeVar("T")


class TeamServer:
    """Made by :func:`team_server`."""

    def __init__(self, jupyter: JupyterServer, home: Path, runner: asyncio.Runner, store: SqlStore) -> None:
        self.jupyter = jupyter
        self.home = home
        self._runner = runner
        self._store = store
        self._clients: list[httpx.Client] = []

    def client(self, name: str | None = None, *, groups: str = "", bearer: str | None = None) -> httpx.Client:
        """Of a user, of a bearer token or key, or of nobody."""
        headers = {} if name is None else {USER_HEADER: name, GROUPS_HEADER: groups}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        client = httpx.Client(
            base_url=f"{self.jupyter.url}lakesail/api/v1/", headers=headers, timeout=90, trust_env=False
        )
        self._clients.append(client)
        return client

    def audited(self, kind: str) -> list[dict[str, Any]]:
        """The events of the audit of this kind, such as ``refusal``, in their order."""
        file = self.home.parent / AUDIT_FILE
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if line["__schema__"].rpartition("lakesail_notebook/")[2] == f"{kind}/v1"]

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def write(self, work: Callable[[Writing], Coroutine[Any, Any, T]]) -> T:
        """One transaction of another process."""

        async def transaction() -> T:
            async with self._store.writing() as unit:
                return await work(unit)

        return self._runner.run(transaction())

    def know(self, name: str) -> str:
        teams = tuple(team for team, people in TEAMS.items() if name in [*people["members"], *people["admins"]])
        record = MemberRecord(id=member_id(name), login=name, name=None, team_ids=teams, created_at=now())
        self.write(lambda unit: unit.upsert_member(record))
        return record.id

    def add_closed_session(
        self, team_id: str, *, name: str | None = None, service_account_id: str | None = None
    ) -> str:
        """One that is over, with all that a relaunch needs."""
        config = a_config(team_id=team_id, name=None, created_at=now())
        workload = a_workload(
            team_id=team_id, config_id=config.id, infra_status="stopped", target="stopped", created_at=now()
        )
        session = a_session(
            team_id=team_id,
            member_id=None if name is None else self.know(name),
            service_account_id=service_account_id,
            workload_id=workload.id,
            status="closed",
            created_at=now(),
            closed_at=now(),
        )

        async def add(unit: Writing) -> None:
            await unit.add_config(config)
            await unit.add_workload(workload)
            await unit.add_session(session)

        self.write(add)
        return session.id

    def add_config(self, team_id: str) -> str:
        config = a_config(team_id=team_id, name=f"of {team_id} {new_id(now())}", created_at=now())
        self.write(lambda unit: unit.add_config(config))
        return config.id

    def add_service_account(self, team_id: str) -> tuple[str, str]:
        """Its id and key."""
        at = now()
        account_id = new_id(at)
        key = service_account_keys.new_key(account_id)
        record = ServiceAccountRecord(
            id=account_id,
            team_id=team_id,
            username=f"bot {account_id}",
            description=None,
            key_hash=service_account_keys.hash_of(key),
            created_at=at,
            created_by=None,
            updated_at=at,
            updated_by=None,
        )
        self.write(lambda unit: unit.add_service_account(record))
        return account_id, key


def now() -> datetime:
    return datetime.now(UTC)


def member_id(name: str) -> str:
    return member(roster_from(TEAMS, ORGANIZATION_ADMINS), name, None, frozenset()).id


@contextlib.contextmanager
def team_server(
    directory: Path, provider: type[HeaderIdentityProvider] = HeaderIdentityProvider, **traits: Any
) -> Iterator[TeamServer]:
    """For the length of a ``with`` block, with these traits of ``LakesailApp``."""
    root, home = directory / "root", directory / "home"
    root.mkdir()
    (home / "config").mkdir(parents=True)
    handler = f"logging.FileHandler({str(directory / AUDIT_FILE)!r})"
    (home / "config" / "jupyter_config.py").write_text(f"import logging\nc.EventLogger.handlers = [{handler}]\n")
    database_url = f"sqlite:///{directory / 'teams.db'}"
    config = {
        "ServerApp": {
            "identity_provider_class": f"{provider.__module__}.{provider.__name__}",
            "allow_unauthenticated_access": False,
        },
        "LakesailApp": {"teams": TEAMS, "org_admins": ORGANIZATION_ADMINS, "database_url": database_url, **traits},
        "LocalBackend": {"linger_seconds": 0},
    }
    environment = {"PYTHONPATH": str(PROJECT)}
    with (
        jupyter_server(root, config=config, token=TOKEN, home=home, env=environment) as jupyter,
        asyncio.Runner() as runner,
    ):
        store = runner.run(open_store(database_url))
        server = TeamServer(jupyter, home, runner, store)
        yield server
        server.close()
        runner.run(store.close())
