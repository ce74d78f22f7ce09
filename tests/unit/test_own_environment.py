"""Which variables of a kernel reach its engine, how large they may be, and that nothing tells their values."""

from __future__ import annotations

import dataclasses
import re

import msgspec
import pytest

from lakesail_notebook import models
from lakesail_notebook.backends.local.backend import LocalBackend
from lakesail_notebook.backends.local.environment import kernel_environment, masking, secrets_among
from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.models.own_variables import MAX_ENVIRONMENT_BYTES, beyond_limit, changed_between, own_variables
from lakesail_notebook.spark.sessions.surroundings import ToldChanges, environment_for
from lakesail_notebook.workloads.environments import Environments
from lakesail_notebook.workloads.records import LaunchSpec
from lakesail_notebook.workloads.rules.environments import accepted_environment
from lakesail_notebook.workloads.services.idempotency import idempotency_key
from lakesail_notebook.workloads.services.placement import Need, reuse_key
from lakesail_notebook.workloads.services.whoami import me_view
from lakesail_notebook.workloads.settings import Settings
from tests.builders import a_config, a_principal

SECRET = "the-secret-value"
OWN = {"AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONPATH": "/home/ada/lib", "TZ": "Europe/Paris", "PATH": "/bin"}
OF_JUPYTER = {"JUPYTERHUB_API_TOKEN": "t", "JPY_SESSION_NAME": "a.ipynb", "LAKESAIL_API_TOKEN_FILE": "/t"}
OF_ONE_KERNEL = {"TERM": "xterm-color", "COLUMNS": "80", "PYDEVD_USE_FRAME_EVAL": "NO", "PWD": "/tmp", "_": "/bin/x"}
OF_MARIMO = {"MARIMO_SKIP_UPDATE_CHECK": "1", "_MARIMO_CONFIG_OVERLOAD_RUNTIME_AUTO_INSTANTIATE": "true"}
OF_THE_CLIENT = {"SPARK_CONNECT_MODE_ENABLED": "1", "SPARK_REMOTE": "sc://elsewhere"}


def need(environment: dict[str, str] | None) -> Need:
    config = a_config()
    return Need(
        caller_id="MEMBER",
        team_id="LOCAL",
        config=config,
        spec=LaunchSpec(sail=config.sail),
        shared=False,
        environment=environment,
    )


def test_what_belongs_to_jupyter_to_one_kernel_or_to_the_client_is_left_out() -> None:
    assert own_variables({**OWN, **OF_JUPYTER, **OF_ONE_KERNEL, **OF_MARIMO, **OF_THE_CLIENT}) == OWN
    assert kernel_environment({**OWN, **OF_JUPYTER}, its_python=True) == OWN


def test_the_place_of_another_interpreter_is_left_out_where_it_does_not_run_the_engine() -> None:
    given = {"PYTHONHOME": "/opt/python", "PYTHONPATH": "/lib"}
    assert kernel_environment(given, its_python=True) == given
    assert kernel_environment(given, its_python=False) == {"PYTHONPATH": "/lib"}


def test_the_largest_variables_are_named_until_the_rest_fits() -> None:
    assert beyond_limit(OWN) == ()
    assert beyond_limit({**OWN, "HUGE": "x" * MAX_ENVIRONMENT_BYTES}) == ("HUGE",)
    three = {"B": "é" * 10_000, "A": "x" * 20_000, "C": '"' * 10_000}
    assert beyond_limit(three) == ("C",), "what counts is what travels"
    assert beyond_limit({"A": "x" * 40_000, "B": "x" * 50_000, "C": "c"}) == ("B",)


def test_any_environment_within_the_limit_fits_into_a_request() -> None:
    environment = {f"NAME_{n}": '"\n\\' * 20 for n in range(1000)}
    for name in beyond_limit(environment):
        del environment[name]
    body = models.encode_request(models.SessionCreate(environment=environment))
    assert 40 * 1024 < len(body) < 64 * 1024


def test_changes_are_told_by_name() -> None:
    assert changed_between({"A": "1", "B": "1", "C": "1"}, {"A": "1", "B": "2", "D": "1"}) == ("B", "C", "D")
    told = ToldChanges()
    assert told.new("S", ("one", "two")) == ("one", "two")
    assert told.new("S", ("one", "two")) == ()
    assert told.new("S", ("one", "three")) == ("three",)
    assert told.new("OTHER", ("one",)) == ("one",)


def test_a_server_that_takes_no_environment_refuses_it_by_pointer() -> None:
    with pytest.raises(InvalidArgument) as caught:
        accepted_environment(OWN, offered=False)
    assert [error.pointer for error in caught.value.errors] == ["/environment"]
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("variable", [("", SECRET), ("A=B", SECRET), ("A", f"{SECRET}\0"), ("A\0", SECRET)])
def test_what_no_process_can_have_is_refused_without_its_value(variable: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        accepted_environment(dict([variable]), offered=True)
    assert caught.value.errors[0].pointer.startswith("/environment/")
    assert SECRET not in str(caught.value)


def test_an_environment_that_is_too_large_is_refused_with_the_names() -> None:
    with pytest.raises(InvalidArgument) as caught:
        accepted_environment({**OWN, "HUGE": SECRET * 5000}, offered=True)
    assert [error.pointer for error in caught.value.errors] == ["/environment/HUGE"]
    assert SECRET not in str(caught.value)


def test_a_kernel_sends_nothing_to_a_server_that_does_not_ask_for_it() -> None:
    me = models.Me(member_id="M", team_ids=("LOCAL",), organization_admin=False, features=("logs",))
    assert environment_for(me) is None


@pytest.mark.parametrize("single_user", [True, False])
def test_only_a_server_of_one_person_announces_it(single_user: bool) -> None:
    backends = {"LOCAL": LocalBackend(server_root="/", serves_others=not single_user)}
    me = me_view(a_principal(), None, Settings(single_user=single_user), backends)
    assert ("environment" in me.features) == single_user
    assert "logs" in me.features


def test_the_key_of_reuse_depends_on_the_variables_and_on_nothing_else() -> None:
    environments, others = Environments(), Environments()

    def key(environment: dict[str, str] | None, by: Environments = environments) -> str:
        digest = None if environment is None else by.digest(environment)
        return reuse_key(dataclasses.replace(same, environment=environment), environment_digest=digest)

    same = need(None)
    assert key({"A": "1", "B": "2"}) == key({"B": "2", "A": "1"})
    assert len({key(None), key({}), key({"A": "1"}), key({"A": "2"}), key({"A": "1", "B": ""})}) == 5
    assert key({"A": "1"}) != key({"A": "1"}, others), "its key is this process's own"


def test_the_environments_of_the_latest_workloads_are_kept() -> None:
    environments = Environments()
    for number in range(300):
        environments.keep(f"W{number}", {"N": str(number)})
    assert environments.of("W0") is None
    assert environments.of("W299") == {"N": "299"}


def test_no_representation_shows_a_value() -> None:
    create = models.SessionCreate(name="mine", environment={"A": SECRET})
    environments = Environments()
    environments.keep("W", {"A": SECRET})
    shown = [create, models.SessionRelaunch(environment={"A": SECRET}), need({"A": SECRET}), environments]
    assert not any(SECRET in f"{one!r} {one}" for one in shown)
    assert "name='mine'" in repr(create)
    assert dict(create.__rich_repr__())["environment"] != {"A": SECRET}


def test_the_fingerprint_of_a_create_does_not_depend_on_the_environment() -> None:
    """It stands in the database, where it would let others try values."""
    principal = a_principal()
    keys = [
        idempotency_key(principal, "key", models.SessionCreate(name="mine", environment=environment))
        for environment in (None, {"A": SECRET}, {"A": "other"})
    ]
    assert len({key.fingerprint for key in keys}) == 1


def test_what_a_workload_stores_has_no_field_for_values() -> None:
    stored = msgspec.json.encode(LaunchSpec(sail=a_config().sail, own_environment=True))
    assert re.search(rb'"own_environment":true', stored)


def test_values_that_the_server_has_not_are_masked_in_the_engines_log_and_places_are_not() -> None:
    kernel = {"TOKEN": SECRET, "PATH": "/home/ada/bin:/bin", "VIRTUAL_ENV": "/home/ada/venv", "SAME": "as-before"}
    secrets = secrets_among(kernel, {"SAME": "as-before"})
    assert secrets == [SECRET]
    assert masking(secrets)(f"TOKEN is {SECRET} in /home/ada/venv") == f"TOKEN is {models.MASKED} in /home/ada/venv"


@pytest.mark.parametrize(
    "name",
    [
        *("CONDA_TOKEN", "CONDA_PREFIX_TOKEN", "LC_TOKEN", "VIRTUAL_ENV_TOKEN", "DATABASE_ROOT", "KEY_PREFIX"),
        *("XPATH", "SECRETDIR", "API_KEY_PATH", "PASSWORD_HOME", "PATH_TOKEN", "conda_token"),
    ],
)
def test_a_value_is_masked_although_its_name_resembles_that_of_a_place(name: str) -> None:
    assert secrets_among({name: SECRET}, {}) == [SECRET]


@pytest.mark.parametrize(
    "name",
    [
        *("CONDA_PREFIX", "CONDA_PREFIX_1", "CONDA_DEFAULT_ENV", "CONDA_EXE", "CONDA_PYTHON_EXE", "LC_ALL", "LC_CTYPE"),
        *("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "JAVA_HOME", "SSL_CERT_DIR", "TMPDIR", "XDG_CACHE_HOME"),
    ],
)
def test_the_name_of_a_place_or_a_language_is_not_masked(name: str) -> None:
    assert secrets_among({name: "/home/ada/place"}, {}) == []
