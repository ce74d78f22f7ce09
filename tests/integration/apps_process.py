"""A process that starts one app and waits, for tests that kill it: ``NOTEBOOK``. It says where the app is."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from lakesail_notebook.backends.local.apps import LocalApps
from lakesail_notebook.workloads.apps_port import AppSpec
from lakesail_notebook.workloads.records import SessionRecord
from tests.builders import a_session


class NoCredentials:
    def give(self, session: SessionRecord) -> Mapping[str, str]:
        return {}

    def revoke(self, session_id: str) -> None:
        pass


def local_apps(root: Path) -> LocalApps:
    return LocalApps(server_root=str(root), base_url="/a%40b/", credentials=NoCredentials(), serves_others=False)


def edit(notebook: Path) -> AppSpec:
    return AppSpec(file=str(notebook), mode="edit", python=None, working_directory=None)


async def main(notebook: Path) -> None:
    apps = local_apps(notebook.parent)
    await apps.start(a_session(id="SESSION"), edit(notebook))
    address = apps.address_of("SESSION")
    assert address is not None
    print(json.dumps({"port": address.port, "token": address.token}), flush=True)
    async for _ in apps.ended():
        print(await apps.last_words("SESSION"), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
