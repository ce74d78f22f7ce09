"""What the API shows of records, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakesail_notebook import models
from lakesail_notebook.models import EndpointLimits, SessionConfig
from lakesail_notebook.workloads.records import Owner, SessionRecord, Timeouts, WorkloadRecord
from lakesail_notebook.workloads.services.endpoints import Endpoints
from lakesail_notebook.workloads.services.views import config_view, member_view, session_view, workload_view
from tests.builders import NOW, a_config, a_member, a_principal, a_session, a_workload
from tests.integration.by_hand import Owners, RoutesOnly

MINE, OTHERS = Owner("boot", 1, 1.0), Owner("boot", 2, 2.0)
OWNER = a_principal(id="MEMBER")
ADMIN = a_principal(id="OLA", organization_admin=True)
READY = a_workload(
    id="WORKLOAD", infra_status="ready", endpoints={"spark_connect": "localhost:7"}, address="127.0.0.1:9"
)


def test_a_session_is_shown_in_the_apis_words() -> None:
    session = a_session(
        name="etl",
        status="idle",
        notebook_id="NB",
        timeouts=Timeouts(idle_timeout=60, idle_close_delay=30, max_duration=3600, detached=300),
        metadata={"team": "red"},
        active_since=NOW,
        idle_since=NOW + timedelta(milliseconds=5),
    )
    shown = session_view(session, READY, OWNER)
    assert (shown.id, shown.name, shown.status, shown.notebook_id) == (session.id, "etl", "idle", "NB")
    assert (shown.workload_id, shown.team_id, shown.member_id) == ("WORKLOAD", "LOCAL", "MEMBER")
    assert shown.config == SessionConfig(
        idle_timeout_seconds=60, idle_close_delay_seconds=30, max_duration_seconds=3600
    )
    assert shown.created_at == shown.updated_at == shown.last_activity_at == "2026-05-01T12:00:00.000Z"
    assert shown.idle_since == "2026-05-01T12:00:00.005Z"
    assert shown.timeout_at == "2026-05-01T12:01:30.000Z"
    assert shown.closed_at is None
    assert shown.metadata == {"team": "red"}


def test_a_session_names_the_kernel_that_uses_it() -> None:
    shown = session_view(a_session(kernel_id="k-1", metadata={"a": "b"}), READY, OWNER)
    assert shown.metadata == {"a": "b", "lakesail/kernel": "k-1"}


def test_only_its_owner_is_told_where_a_session_is_reached() -> None:
    told = session_view(a_session(), READY, OWNER).connection_info
    assert told is not None
    assert told.grpc_endpoint == "localhost:7"
    assert session_view(a_session(), READY, ADMIN).connection_info is None


def test_the_endpoint_is_told_once_it_is_served() -> None:
    assert session_view(a_session(), READY, OWNER, served=False).connection_info == models.ConnectionInfo()
    assert session_view(a_session(), READY, ADMIN, served=False).connection_info is None


@pytest.mark.parametrize(
    ("owner", "listening", "served"), [(MINE, False, False), (MINE, True, True), (OTHERS, False, True)]
)
def test_ones_own_session_proxy_says_whether_it_serves_and_anothers_row_tells(
    owner: Owner, listening: bool, served: bool
) -> None:
    proxy, owners = RoutesOnly(), Owners(MINE)
    proxy.listening = listening
    assert Endpoints(proxy, owners).served(a_workload(owner=owner)) == served


@pytest.mark.parametrize(
    ("session", "workload"),
    [
        (a_session(status="closed"), READY),
        (a_session(status="failed"), READY),
        (a_session(endpoint_type="marimo", status="closed"), READY),
        (a_session(), None),
    ],
)
def test_a_session_that_is_reached_nowhere_has_no_endpoint(
    session: SessionRecord, workload: WorkloadRecord | None
) -> None:
    assert session_view(session, workload, OWNER).connection_info is None


def test_the_engine_of_a_marimo_session_is_reached_as_any_other() -> None:
    of_marimo = session_view(a_session(endpoint_type="marimo"), READY, OWNER).connection_info
    assert of_marimo is not None
    assert of_marimo == session_view(a_session(), READY, OWNER).connection_info


def test_a_session_that_is_over_has_no_timeout() -> None:
    assert session_view(a_session(status="closed", closed_at=NOW), READY, OWNER).timeout_at is None


def test_a_waiting_session_says_what_its_workload_does() -> None:
    starting = a_workload(infra_status="starting", status_message="The engine is starting.")
    assert session_view(a_session(), starting, OWNER).status_message == "The engine is starting."
    own = a_session(status="closed", status_message="Session closed.")
    assert session_view(own, starting, OWNER).status_message == "Session closed."
    assert session_view(a_session(status="closed"), starting, OWNER).status_message is None


def test_neither_the_engines_address_nor_its_handle_is_shown() -> None:
    workload = a_workload(infra_status="ready", address="127.0.0.1:9", handle={"scratch": "/tmp/secret"})
    for shown in (repr(workload_view(workload)), repr(session_view(a_session(), workload, OWNER))):
        assert "127.0.0.1:9" not in shown
        assert "secret" not in shown


def test_a_workload_is_shown_in_the_apis_words() -> None:
    shown = workload_view(
        a_workload(id="W", infra_status="ready", provisioned_at=NOW, endpoints={"spark_connect": "x:1"})
    )
    assert (shown.id, shown.workload_config_id, shown.infra_status) == ("W", "CONFIG", "ready")
    assert (shown.shutdown_policy, shown.endpoints) == ("linger:60", {"spark_connect": "x:1"})
    assert (shown.provisioned_at, shown.cleaned_at) == ("2026-05-01T12:00:00.000Z", None)


def test_a_config_is_shown_in_the_apis_words() -> None:
    config = a_config(name="small", endpoint_limits=EndpointLimits(spark_connect=2), created_by="ADA")
    shown = config_view(config, a_principal())
    assert (shown.id, shown.name, shown.workload_type, shown.cluster_id) == (config.id, "small", "sail", "LOCAL")
    assert (shown.team_id, shown.created_by) == ("LOCAL", "ADA")
    assert shown.config.sail == config.sail
    assert shown.endpoint_limits == EndpointLimits(spark_connect=2)


def test_a_member_is_shown_without_what_no_login_gave() -> None:
    shown = member_view(a_member())
    assert (shown.id, shown.name, shown.email, shown.is_enabled) == ("MEMBER", "Ada", None, True)
