"""What the time of a refusal tells of a key: a promise, so `make test` holds it too."""

from __future__ import annotations

import time
from pathlib import Path

from lakesail_notebook.ids import new_id
from lakesail_notebook.workloads.rules import service_account_keys
from tests.server.team_server import now, team_server

from .figures import Figure, Figures

_REFUSALS = 100
_OF_THE_FASTEST = 10


def test_a_wrong_secret_takes_as_long_as_an_unknown_account(figures: Figures, tmp_path: Path) -> None:
    with team_server(tmp_path) as server:
        account_id, right = server.add_service_account("RED")
        wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
        assert service_account_keys.account_of(wrong) == account_id
        keys = {"wrong": wrong, "unknown": service_account_keys.new_key(new_id(now()))}
        clients = {name: server.client(bearer=key) for name, key in keys.items()}
        taken: dict[str, list[float]] = {name: [] for name in clients}
        for _ in range(_REFUSALS):
            for name, client in clients.items():
                began = time.perf_counter()
                assert client.get("me").status_code == 401
                taken[name].append(time.perf_counter() - began)
    wrong_one, unknown_one = (sorted(times)[_OF_THE_FASTEST] for times in taken.values())
    ratio = max(wrong_one / unknown_one, unknown_one / wrong_one)
    figure = figures.add(Figure(name="refusal of a wrong key / of an unknown one", value=ratio, unit="x", aim=2))
    assert figure.met, figures.table()
