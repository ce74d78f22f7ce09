"""What a kernel is told of an engine that has another environment."""

from __future__ import annotations

import os

import pytest

from lakesail_notebook import models
from lakesail_notebook.spark.sessions.choice import Place
from lakesail_notebook.spark.sessions.surroundings import changes_since
from tests.unit.small_api import Answer, SmallApi, session

ME = models.Me(
    member_id="M1", team_ids=("LOCAL",), organization_admin=False, single_user=True, features=("environment",)
)


def told(difference: models.EnvironmentDifference) -> tuple[str, ...]:
    with SmallApi() as api, api.client() as client:
        api.on("GET", "/me", Answer(body=ME))
        api.on("POST", "/workloads/sessions/S1/environment", Answer(body=difference))
        place = Place(key="K", me=ME, role="kernel")
        said = changes_since(client, place, session("S1", metadata={models.DIRECTORY_KEY: os.getcwd()}))
        assert api.count("POST", "/workloads/sessions/S1/environment") == 1
        return said


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (models.EnvironmentDifference(known=True, changed=("AWS_PROFILE",)), "has changed since: AWS_PROFILE"),
        (models.EnvironmentDifference(known=False, changed=()), "the environment of the server, and not that of this"),
    ],
)
def test_an_engine_with_another_environment_is_told_with_what_to_do(
    difference: models.EnvironmentDifference, sentence: str
) -> None:
    [said] = told(difference)
    assert sentence in said
    assert "%sail connect --new" in said


def test_of_an_engine_with_the_same_environment_nothing_is_said() -> None:
    assert told(models.EnvironmentDifference(known=True, changed=())) == ()


def test_of_an_engine_that_was_started_together_with_this_process_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unknown = models.EnvironmentDifference(known=False, changed=())
    monkeypatch.setenv("LAKESAIL_SESSION_ID", "S1")
    assert told(unknown) == ()
    monkeypatch.setenv("LAKESAIL_SESSION_ID", "S2")
    assert len(told(unknown)) == 1
