"""What the last word of a ``%sail`` line may become."""

from __future__ import annotations

import pytest

from lakesail_notebook.notebook.arguments import COMMANDS
from lakesail_notebook.notebook.completion import Known, candidates

KNOWN = Known(configs=("big", "small"), live_sessions=("L1",), ended_sessions=("E1",))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%sail co", ["connect", "configs"]),
        ("%sail connect ", ["big", "small"]),
        ("%sail connect b", ["big"]),
        ("%sail connect --attach ", ["L1"]),
        ("%sail connect --na", ["--name"]),
        ("%sail close ", ["L1"]),
        ("%sail relaunch ", ["E1"]),
        ("%sail logs ", ["L1", "E1"]),
        ("%sail nonsense ", []),
    ],
)
def test_a_word_is_completed_by_what_can_stand_there(line: str, found: list[str]) -> None:
    assert list(candidates(line, lambda: KNOWN)) == found


def test_nothing_is_asked_for_where_no_name_can_stand() -> None:
    def asked() -> Known:
        raise AssertionError("the control plane was asked")

    assert list(candidates("%sail ", asked)) == list(COMMANDS)
    assert list(candidates("%sail sessions --a", asked)) == ["--all"]
    assert list(candidates("%sail connect --name ", asked)) == []
