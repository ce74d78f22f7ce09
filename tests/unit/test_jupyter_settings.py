"""What the administrator set: read as a whole, and never replaced by a default where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString, LazyConfigValue

from lakesail_notebook.backends.local.backend import LocalBackend
from lakesail_notebook.jupyter.extension import LakesailApp
from lakesail_notebook.jupyter.identity import member, roster_from
from lakesail_notebook.jupyter.mistakes import Mistakes
from lakesail_notebook.jupyter.settings import Chosen, read_settings

TEAM = {"RED": {"members": ["ada"]}}


def read(config: Mapping[str, Any], *, hub: bool = False) -> Chosen | Mistakes:
    return read_settings(Config(config), app=LakesailApp, backend=LocalBackend, hub=hub)


def chosen(config: Mapping[str, Any], **options: Any) -> Chosen:
    found = read(config, **options)
    assert isinstance(found, Chosen), found
    return found


def mistakes(config: Mapping[str, Any], **options: Any) -> Mistakes:
    found = read(config, **options)
    assert isinstance(found, Mistakes), found
    return found


@pytest.mark.parametrize(
    ("config", "pointers"),
    [
        ({"LakesailApp": {"teams": {"red": {"members": ["ada"]}}}}, {"/LakesailApp/teams"}),
        ({"LakesailApp": {"teams": [TEAM]}}, {"/LakesailApp/teams"}),
        ({"LakesailApp": {"teams": {"RED": ["ada"]}}}, {"/LakesailApp/teams"}),
        ({"LakesailApp": {"teams": {"RED": {"member": ["ada"]}}}}, {"/LakesailApp/teams"}),
        ({"LakesailApp": {"team": TEAM}}, {"/LakesailApp/team"}),
        ({"LakesailApp": {"Teams": {"RED": {"members": ["ada"]}}}}, {"/LakesailApp/Teams"}),
        ({"LakesailApp": {"org_admins": "ola"}}, {"/LakesailApp/org_admins"}),
        ({"LakesailApp": {"limits": {"idle_timeout": {"default": -1}}}}, {"/LakesailApp/limits"}),
        ({"LakesailApp": {"limits": {"idle": 5}}}, {"/LakesailApp/limits"}),
        ({"LakesailApp": {"quotas": {"live_sessions_per_member": "many"}}}, {"/LakesailApp/quotas"}),
        ({"LakesailApp": ["teams"]}, {"/LakesailApp"}),
        ({"LakeSailApp": {"teams": TEAM}}, {"/LakeSailApp"}),
        ({"LocalBackend": {"linger_seconds": -1}}, {"/LocalBackend/linger_seconds"}),
        ({"LocalBackend": {"linger": 5}}, {"/LocalBackend/linger"}),
        ({"LakesailApp": {"LocalBackend": {"batch_size": "x"}}}, {"/LakesailApp/LocalBackend/batch_size"}),
        ({"LakesailApp": {"database_url": "postgresql://me:secret@db/sail"}}, {"/LakesailApp/database_url"}),
        ({"LakesailApp": {"proxy_bind": "127.0.0.1:99999"}}, {"/LakesailApp/proxy_bind"}),
        ({"LakesailApp": {"proxy_public_endpoint": "sail.example"}}, {"/LakesailApp/proxy_public_endpoint"}),
        # Right for one user, wrong for a team, whose default it would push out of its range:
        (
            {"LakesailApp": {"teams": TEAM, "limits": {"idle_close_delay": {"floor": 400}}}},
            {"/LakesailApp/limits"},
        ),
        (
            {
                "LakesailApp": {"teams": {"bad id": {}, "WORSE": 5}, "quotas": {"x": 1}, "tokens": 1},
                "LocalBackend": {"stack_bytes": 1},
            },
            {"/LakesailApp/teams", "/LakesailApp/quotas", "/LakesailApp/tokens", "/LocalBackend/stack_bytes"},
        ),
    ],
)
def test_a_mistake_is_found_and_named(config: Mapping[str, Any], pointers: set[str]) -> None:
    error = mistakes(config).error()
    assert {field.pointer for field in error.errors} == pointers
    assert all(field.message in error.message for field in error.errors)
    assert "secret" not in error.message


def test_all_mistakes_of_one_setting_are_told() -> None:
    teams = {"bad id": {}, "also bad": {}, "RED": {"members": "ada"}}
    message = mistakes({"LakesailApp": {"teams": teams}}).error().message
    assert all(part in message for part in ("'bad id'", "'also bad'", "teams['RED']['members'] is a list of names"))
    assert "ada" not in message


@pytest.mark.parametrize(
    "value",
    ["/etc/secret", ["/etc/secret"], {"idle_timeout": "/etc/secret"}, {"idle_timeout": {"floor": "/etc/secret"}}],
)
@pytest.mark.parametrize("trait", ["limits", "quotas", "teams", "instance_types"])
def test_what_strangers_are_told_holds_no_text_of_a_wrong_value(trait: str, value: Any) -> None:
    found = mistakes({"LakesailApp": {trait: value}})
    assert "/etc/secret" not in found.error().message
    assert any(f"c.LakesailApp.{trait}" in line for line in found.lines())


@given(st.dictionaries(st.sampled_from(["teams", "limits", "quotas", "org_admins", "team"]), st.integers() | st.text()))
def test_no_value_of_another_kind_opens_the_door(traits: dict[str, Any]) -> None:
    found = read({"LakesailApp": traits})
    assert isinstance(found, Mistakes) if traits else isinstance(found, Chosen)


def test_the_defaults_are_no_mistake() -> None:
    defaults = chosen({})
    assert (defaults.settings.single_user, list(defaults.roster.teams)) == (True, ["LOCAL"])
    assert defaults.ground.database_url.startswith("sqlite:///")
    assert (defaults.ground.proxy_hosts, defaults.ground.proxy_port) == ((), 0)


def test_what_is_set_is_chosen() -> None:
    config = {
        "LakesailApp": {
            "teams": TEAM,
            "org_admins": ["ola"],
            "limits": {"idle_timeout": {"default": 600}},
            "proxy_bind": "[::1]:4433",
            "LocalBackend": {"linger_seconds": 5},
        },
        "SomebodyElse": {"teams": 5},
    }
    found = chosen(config)
    assert found.settings.limits.idle_timeout.default == 600
    assert not found.settings.single_user
    assert found.settings.team_ids == {"RED"}
    assert (found.ground.proxy_hosts, found.ground.proxy_port) == (("::1",), 4433)
    roster = roster_from(TEAM, ["ola"])
    assert set(found.settings.known_members) == {member(roster, name, None, frozenset()).id for name in ("ada", "ola")}


def test_what_files_append_and_command_lines_say_is_read_as_traitlets_reads_it() -> None:
    appended = LazyConfigValue()
    appended.append("ola")
    config = Config()
    config.LakesailApp.org_admins = appended
    config.LakesailApp.teams = DeferredConfigString("{'RED': {'members': ['ada']}}")
    found = read_settings(config, app=LakesailApp, backend=LocalBackend, hub=False)
    assert isinstance(found, Chosen)
    assert found.roster.organization_admins.names == {"ola"}
    assert list(found.roster.teams) == ["RED"]
    config.LakesailApp.limits = DeferredConfigString("{'idle_timeout'")
    assert isinstance(read_settings(config, app=LakesailApp, backend=LocalBackend, hub=False), Mistakes)


def test_what_is_written_into_a_trait_that_was_never_set_is_a_mistake() -> None:
    """traitlets keeps the default, and says nothing."""
    for name in ("teams", "limits"):
        config = Config()
        getattr(config.LakesailApp, name).RED = {"members": ["ada"]}
        found = read_settings(config, app=LakesailApp, backend=LocalBackend, hub=False)
        assert isinstance(found, Mistakes)
        assert "it is named and not set" in found.lines()[0]
    config = Config()
    config.lakesailApp.teams = TEAM
    assert isinstance(read_settings(config, app=LakesailApp, backend=LocalBackend, hub=False), Mistakes)


@pytest.mark.parametrize(
    ("bind", "right"),
    [
        ("", True),
        ("localhost", True),
        ("127.0.0.1:0", True),
        ("[::1]:4433", True),
        (":4433", False),
        ("127.0.0.1:", True),
        ("127.0.0.1:x", False),
        ("127.0.0.1:70000", False),
        ("127.0.0.1/24", False),
        ("me@127.0.0.1", False),
        ("127.0.0.1 ", False),
        ("::1", False),
    ],
)
def test_where_the_session_proxy_listens_is_host_and_port(bind: str, right: bool) -> None:
    assert isinstance(read({"LakesailApp": {"proxy_bind": bind}}), Chosen) is right


def test_of_a_wrong_setting_nothing_is_asked_of_the_machine() -> None:
    found = mistakes({"LakesailApp": {"database_url": 5, "proxy_bind": "127.0.0.1:4433", "teams": []}})
    assert (found.ground.database_url, found.ground.proxy_port) == ("", 4433)


def test_a_path_given_as_a_setting_is_told_in_the_log_alone(tmp_path: Path) -> None:
    found = mistakes({"LakesailApp": {"database_url": [str(tmp_path)]}})
    assert str(tmp_path) not in found.error().message
    assert str(tmp_path) in found.lines()[0]
