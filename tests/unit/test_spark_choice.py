from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest

from lakesail_notebook import models
from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.spark.sessions.choice import (
    PROCESS_KEY,
    Candidate,
    Place,
    Wanted,
    candidates_of,
    choose,
    creation_key,
    difference,
    of_place,
    private_to,
    session_create,
    spark_session_ids,
)
from tests.unit.small_api import NOW, session

NOTEBOOK = models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=False, kernel_id="k-1", notebook_id="N1")
SCRIPT = models.Me(member_id="M1", team_ids=("LOCAL",), organization_admin=True)


def config(config_id: str, name: str | None) -> models.WorkloadConfig:
    return models.WorkloadConfig(
        id=config_id,
        name=name,
        workload_type="sail",
        cluster_id="LOCAL",
        config=models.WorkloadConfigBody(),
        created_at=NOW,
        updated_at=NOW,
    )


def wanted(**changes: Any) -> Wanted:
    arguments: dict[str, Any] = {
        "config": None,
        "name": None,
        "attach": None,
        "new": False,
        "idle_timeout": None,
        "max_duration": None,
        "shared": False,
        "wait_seconds": 120,
    }
    return Wanted.checked(**(arguments | changes))


def ids(candidates: list[Candidate]) -> list[str]:
    return [candidate.session.id for candidate in candidates]


class TestWanted:
    def test_durations_may_be_seconds_or_text(self) -> None:
        asked = wanted(idle_timeout="1h30m", max_duration=600, wait_seconds="45s")
        assert (asked.idle_timeout, asked.max_duration, asked.wait_seconds) == (5400, 600, 45)

    @pytest.mark.parametrize("duration", ["", "h", "1x", "-5", "1.5h", "30 m", "m30", 1.5, True, -1])
    def test_what_is_no_duration_is_refused_by_the_name_of_its_argument(self, duration: Any) -> None:
        with pytest.raises(InvalidArgument, match=r"idle_timeout: .*45s, 30m, 8h, 1h30m"):
            wanted(idle_timeout=duration)

    @pytest.mark.parametrize(
        "more", [{"new": True}, {"config": "big"}, {"name": "n"}, {"idle_timeout": 60}, {"shared": True}]
    )
    def test_attaching_goes_with_nothing_that_describes_a_new_session(self, more: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument, match="attach"):
            wanted(attach="S1", **more)


class TestChoice:
    def test_the_kernels_own_session_goes_before_the_notebooks(self) -> None:
        of_notebook = Candidate(session("S3", notebook_id="N1"))
        of_kernel = Candidate(session("S2", metadata={models.KERNEL_KEY: "k-1"}))
        of_both = Candidate(session("S1", notebook_id="N1", metadata={models.KERNEL_KEY: "k-1"}))
        found = of_place([of_notebook, of_kernel, of_both], NOTEBOOK)
        assert ids(found) == ["S2", "S1", "S3"]
        assert choose(found, wanted()) == of_kernel

    @pytest.mark.parametrize(
        "stranger",
        [
            session("S9", notebook_id="N2", metadata={models.KERNEL_KEY: "k-2"}),
            session("S9", notebook_id="N1", member_id="M2"),
            session("S9", notebook_id="N1", endpoint_type="marimo"),
            session("S9"),
        ],
    )
    def test_another_notebooks_members_or_kinds_session_is_never_taken(self, stranger: models.Session) -> None:
        assert of_place([Candidate(stranger)], NOTEBOOK) == []

    def test_outside_a_kernel_no_session_is_taken_for_ones_own(self) -> None:
        assert of_place([Candidate(session("S1", notebook_id=None))], SCRIPT) == []

    @pytest.mark.parametrize("status", ["pending", "active", "idle"])
    def test_a_live_session_is_taken_again(self, status: str) -> None:
        candidate = Candidate(session(status=status))
        assert choose([candidate], wanted()) == candidate

    @pytest.mark.parametrize("status", ["closed", "failed"])
    def test_one_that_is_over_is_not(self, status: str) -> None:
        assert choose([Candidate(session(status=status))], wanted()) is None

    def test_a_named_config_takes_only_sessions_that_run_on_it(self) -> None:
        small, big = Candidate(session("S2"), config("C1", "small")), Candidate(session("S1"), config("C2", "big"))
        assert choose([small, big], wanted(config="big")) == big
        assert choose([small, big], wanted(config="C2")) == big
        assert choose([small, Candidate(session("S0"))], wanted(config="big")) is None

    def test_new_takes_none(self) -> None:
        assert choose([Candidate(session())], wanted(new=True)) is None

    def test_a_page_tells_the_config_of_each_session(self) -> None:
        workload = models.Workload(
            id="W-S1", workload_config_id="C1", infra_status="ready", created_at=NOW, updated_at=NOW
        )
        page = models.SessionPage(
            total=2,
            items=(models.SessionReference(id="S1"), models.SessionReference(id="S2")),
            included=models.SessionIncluded(
                sessions=(session("S2"), session("S1")), workloads=(workload,), workload_configs=(config("C1", "big"),)
            ),
        )
        assert candidates_of(page) == [Candidate(session("S1"), config("C1", "big")), Candidate(session("S2"))]


class TestDifference:
    def test_nothing_asked_is_nothing_to_say(self) -> None:
        assert difference(session(), wanted()) is None
        assert difference(session(), wanted(idle_timeout=1800)) is None

    def test_limits_and_names_that_stay_are_said(self) -> None:
        said = difference(session(name="old"), wanted(idle_timeout="10m", max_duration="8h", name="new"))
        assert said is not None
        assert "its idle timeout of 30 min" in said
        assert "no maximum duration" in said
        assert "'old'" in said


class TestSparkSessionIds:
    def first(self, session_id: str, me: models.Me, count: int = 3, thread: str = "t") -> list[str]:
        return list(itertools.islice(spark_session_ids(session_id, Place.of(me, thread, is_kernel=True)), count))

    def test_a_notebook_comes_back_to_the_same_ids_after_a_restart(self) -> None:
        assert self.first("S1", NOTEBOOK, thread="before") == self.first("S1", NOTEBOOK, thread="after")

    def test_sessions_notebooks_and_numbers_have_ids_of_their_own(self) -> None:
        other = models.Me(member_id="M1", team_ids=(), organization_admin=False, kernel_id="k-1", notebook_id="N2")
        found = self.first("S1", NOTEBOOK) + self.first("S2", NOTEBOOK) + self.first("S1", other)
        assert len(set(found)) == 9

    def test_they_are_canonical_uuids(self) -> None:
        for one in self.first("S1", NOTEBOOK) + self.first("S1", SCRIPT):
            assert str(uuid.UUID(one)) == one

    def test_elsewhere_they_never_come_back(self) -> None:
        assert set(self.first("S1", SCRIPT)).isdisjoint(self.first("S1", SCRIPT))

    def test_a_kernels_child_never_has_the_notebooks(self) -> None:
        child = Place.of(NOTEBOOK, "process", is_kernel=False)
        assert set(itertools.islice(spark_session_ids("S1", child), 3)).isdisjoint(self.first("S1", NOTEBOOK))


class TestPlaces:
    def test_a_kernel_is_the_same_place_after_a_restart_and_its_children_are_places_of_their_own(self) -> None:
        kernel, child = (Place.of(NOTEBOOK, "process", is_kernel=one) for one in (True, False))
        assert (kernel.key, kernel.role) == ("N1", "kernel")
        assert (child.key, child.role) == ("process", "child")

    def test_where_no_kernel_is_known_the_owner_is_the_place(self) -> None:
        assert Place.of(SCRIPT, "process", is_kernel=False) == Place("process", SCRIPT, "process")

    def test_of_several_owners_none_is_the_kernel_whose_token_asks(self) -> None:
        place = Place.of(NOTEBOOK, "ann", is_kernel=True, several_owners=True)
        assert (place.key, place.role) == ("ann", "process")
        assert private_to(wanted(), place) == "ann"

    def test_a_childs_session_is_its_notebooks_unless_it_asks_for_a_new_one(self) -> None:
        child = Place.of(NOTEBOOK, "process", is_kernel=False)
        assert private_to(wanted(), child) is None
        assert private_to(wanted(new=True), child) == "process"
        kernel = Place.of(NOTEBOOK, "process", is_kernel=True)
        assert private_to(wanted(new=True), kernel) is None

    def test_a_private_session_is_taken_by_nobody_else(self) -> None:
        private = session("S1", notebook_id="N1", metadata={PROCESS_KEY: "process"})
        assert of_place([Candidate(private)], NOTEBOOK) == []


class TestCreationKeys:
    def test_a_kernel_and_its_children_that_saw_the_same_ask_under_the_same_key(self) -> None:
        kernel, child = (Place.of(NOTEBOOK, "process", is_kernel=one) for one in (True, False))
        assert creation_key(wanted(), kernel, None) == creation_key(wanted(), child, None)
        assert creation_key(wanted(), kernel, "S1") == creation_key(wanted(), child, "S1")

    def test_after_another_session_and_for_another_config_it_is_another(self) -> None:
        place = Place.of(NOTEBOOK, "process", is_kernel=True)
        keys = [
            creation_key(asked, place, seen)
            for asked in (wanted(), wanted(config="big"))
            for seen in (None, "S1", "S2")
        ]
        assert len(set(keys)) == 6

    def test_each_new_session_that_is_asked_for_and_each_scripts_is_made(self) -> None:
        assert creation_key(wanted(new=True), Place.of(NOTEBOOK, "process", is_kernel=True), None) is None
        assert creation_key(wanted(), Place.of(SCRIPT, "process", is_kernel=False), None) is None


def test_a_new_session_is_told_the_interpreter_and_the_directory() -> None:
    asked = wanted(config="big", name="n", idle_timeout=60, max_duration=600, shared=True)
    assert session_create(asked, python="/venv/bin/python", directory="/home/a") == models.SessionCreate(
        name="n",
        config=models.SessionConfig(idle_timeout_seconds=60, max_duration_seconds=600),
        metadata={"lakesail/python": "/venv/bin/python", "lakesail/cwd": "/home/a"},
        workload_config_id="big",
        allow_shared=True,
    )
