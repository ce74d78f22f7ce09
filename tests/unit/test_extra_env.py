"""Values of variables: kept by their mask, and shown in no representation."""

from __future__ import annotations

import msgspec
import pytest

from lakesail_notebook.backends.local.environment import masking
from lakesail_notebook.errors import FailedPrecondition, InvalidArgument
from lakesail_notebook.models import MASKED, NewServiceAccount, SailConfig, SessionToken, WorkloadConfigCreate
from lakesail_notebook.process import LogRing
from lakesail_notebook.workloads.records import LaunchSpec
from lakesail_notebook.workloads.rules.extra_env import changed_env, refuse_masked
from lakesail_notebook.workloads.services.placement import Need, require_readable
from lakesail_notebook.workloads.services.views import config_view
from tests.builders import a_config, a_principal, a_workload

SECRET = "the-secret-value"


@pytest.mark.parametrize(
    ("wanted", "readable", "unreadable"),
    [
        ({"A": "new"}, {"A": "new"}, {}),
        ({"A": MASKED}, {"A": "old"}, {}),
        ({"L": MASKED}, {}, {"L": "sealed"}),
        ({"L": "new", "A": MASKED, "N": "n"}, {"L": "new", "A": "old", "N": "n"}, {}),
        ({"L": MASKED, "A": MASKED}, {"A": "old"}, {"L": "sealed"}),
        ({}, {}, {}),
    ],
)
def test_a_mask_keeps_the_value_that_there_is(
    wanted: dict[str, str], readable: dict[str, str], unreadable: dict[str, str]
) -> None:
    env = changed_env(wanted, {"A": "old", "B": "other"}, {"L": "sealed"})
    assert (env.readable, env.unreadable) == (readable, unreadable)


def test_a_mask_without_a_value_is_refused_where_it_stands() -> None:
    with pytest.raises(InvalidArgument) as caught:
        changed_env({"A": MASKED, "NEW": MASKED, "B": "b"}, {"A": "old"}, {})
    assert [problem.pointer for problem in caught.value.errors] == ["/config/sail/extraEnv/NEW"]
    with pytest.raises(InvalidArgument):
        refuse_masked({"A": MASKED})


@pytest.mark.parametrize("admin", [False, True])
def test_only_who_may_change_a_config_is_shown_its_values(admin: bool) -> None:
    config = a_config(sail=SailConfig(extra_env={"A": SECRET}), unreadable_env={"L": "sealed"})
    asker = a_principal(admin_of=frozenset({"LOCAL"}) if admin else frozenset({"OTHER"}))
    shown = config_view(config, asker).config.sail.extra_env
    assert shown == {"A": SECRET if admin else MASKED, "L": MASKED}


def test_no_representation_shows_a_value() -> None:
    sail = SailConfig(extra_env={"NAME_OF_IT": SECRET})
    config = a_config(sail=sail)
    everything = [
        sail,
        config,
        a_workload(spec=LaunchSpec(sail=sail)),
        config_view(config, a_principal(organization_admin=True)),
        WorkloadConfigCreate(
            name="x",
            config=msgspec.convert(
                {"sail": {"extraEnv": {"NAME_OF_IT": SECRET}}}, type(config_view(config, a_principal()).config)
            ),
        ),
    ]
    for one in everything:
        assert SECRET not in repr(one) + str(one) + f"{one!r:>10}"
        assert "NAME_OF_IT" in repr(one)
    assert SECRET not in repr(sail.__rich_repr__())
    assert sail.extra_env == {"NAME_OF_IT": SECRET}
    assert SECRET not in repr(SessionToken(token=SECRET, expires_at="").__rich_repr__())
    account = NewServiceAccount(id="I", username="u", team_id="T", key=SECRET, created_at="", updated_at="")
    assert SECRET not in repr(account.__rich_repr__())


def test_a_config_with_unreadable_values_is_refused_with_what_to_do() -> None:
    for names in ({"A": "sealed"}, {"A": "sealed", "B": "sealed"}):
        config = a_config(name="small", unreadable_env=names)
        spec = LaunchSpec(sail=config.sail, unreadable_env=names)
        need = Need(caller_id="M", team_id="LOCAL", config=config, spec=spec, shared=False)
        with pytest.raises(FailedPrecondition, match=r"small.*sets the value again") as caught:
            require_readable(need)
        assert all(name in caught.value.message for name in names)
        assert "sealed" not in caught.value.message


@pytest.mark.parametrize(
    ("values", "line", "kept"),
    [
        ([SECRET], f"ERROR bad value '{SECRET}' here", f"ERROR bad value '{MASKED}' here"),
        ([SECRET, f"{SECRET}-longer"], f"{SECRET}-longer", MASKED),
        (["first line\nsecond line"], "said second line.", f"said {MASKED}."),
        (["a.*b+c$"], "a.*b+c$ axxbbc", f"{MASKED} axxbbc"),
        (["north", ""], "north by north-west", "north by north-west"),
        ([], SECRET, SECRET),
    ],
)
def test_a_log_keeps_no_value(values: list[str], line: str, kept: str) -> None:
    ring = LogRing(masking(values))
    ring.append(line)
    assert ring.tail() == [kept]
