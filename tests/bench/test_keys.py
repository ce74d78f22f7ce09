"""What the time of a refusal tells of a key: a promise, so `make test` holds it too."""

from __future__ import annotations

from pathlib import Path

import httpx

from lakesail_notebook.ids import new_id
from lakesail_notebook.workloads.rules import service_account_keys
from tests.server.team_server import now, team_server

from .figures import Figure, Figures, once_met, seconds_of

_REFUSALS = 100
_OF_THE_FASTEST = 10
_AIM = 2.0
_ROUNDS = 5
"""A difference between the two stands in every round; what else the machine does may spoil one."""


def test_a_wrong_secret_takes_as_long_as_an_unknown_account(figures: Figures, tmp_path: Path) -> None:
    with team_server(tmp_path) as server:
        account_id, right = server.add_service_account("RED")
        wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
        assert service_account_keys.account_of(wrong) == account_id
        keys = {"wrong": wrong, "unknown": service_account_keys.new_key(new_id(now()))}
        clients = {name: server.client(bearer=key) for name, key in keys.items()}
        ratio = once_met(lambda: _ratio(*clients.values()), _AIM, _ROUNDS)
    figure = figures.add(Figure(name="refusal of a wrong key / of an unknown one", value=ratio, unit="x", aim=_AIM))
    assert figure.met, figures.table()


def _ratio(*clients: httpx.Client) -> float:
    """Of the slower to the faster of two refusals."""
    taken: list[list[float]] = [[] for _ in clients]
    for _ in range(_REFUSALS):
        for client, seconds in zip(clients, taken, strict=True):
            seconds.append(seconds_of(lambda: _refused(client)))  # noqa: B023 - it is called at once
    fast = [sorted(seconds)[_OF_THE_FASTEST] for seconds in taken]
    return max(fast) / min(fast)


def _refused(client: httpx.Client) -> None:
    assert client.get("me").status_code == 401
