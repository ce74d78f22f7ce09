"""A sentence of the control plane, and what to do next."""

from __future__ import annotations

import pytest

from lakesail_notebook.cures import with_cure, without_cure

OF_AN_OLDER_CONTROL_PLANE = "Session S1 was closed by you; run %sail connect to start a new one."
OF_THE_CLIENT = "Session S1 was closed by you; lakesail_notebook.connect() starts a new one."


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Session S1 was closed by you.", OF_AN_OLDER_CONTROL_PLANE),
        (OF_AN_OLDER_CONTROL_PLANE, OF_AN_OLDER_CONTROL_PLANE),
        (OF_THE_CLIENT, OF_AN_OLDER_CONTROL_PLANE),
        (
            'Session S1 was closed by Ola, who said "use %sail close; please".',
            'Session S1 was closed by Ola, who said "use %sail close; please"; run %sail connect to start a new one.',
        ),
    ],
)
def test_a_sentence_gets_its_cure_once(sentence: str, shown: str) -> None:
    assert with_cure(sentence) == shown


def test_another_place_has_another_cure() -> None:
    assert with_cure(OF_AN_OLDER_CONTROL_PLANE, "relaunch it") == "Session S1 was closed by you; relaunch it."


def test_a_sentence_stands_alone_without_its_cure() -> None:
    assert without_cure(OF_AN_OLDER_CONTROL_PLANE) == without_cure("Session S1 was closed by you.")
