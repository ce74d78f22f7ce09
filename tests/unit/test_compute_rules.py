"""What a compute config may ask for: each refusal names the field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.models import SailConfig
from lakesail_notebook.workloads.rules.compute import ComputeRules, check_sail
from lakesail_notebook.workloads.rules.instance_types import shipped_instance_types

ONE_PERSON = ComputeRules(instance_types=shipped_instance_types(), private_hosts=True)
TEAMS = ComputeRules(instance_types=shipped_instance_types(), private_hosts=False)


def refused(sail: dict[str, Any], rules: ComputeRules = TEAMS) -> list[str]:
    """Pointers of the refused fields, below the Sail config."""
    try:
        check_sail(msgspec.convert(sail, SailConfig), rules)
    except InvalidArgument as error:
        return [problem.pointer.removeprefix("/config/sail") for problem in error.errors]
    return []


def test_a_whole_config_passes() -> None:
    size = {"instanceType": "c8g.2xlarge", "ebsConfig": {"volumeType": "gp3", "volumeSize": 100, "iops": 3000}}
    sail = {
        "executionMode": "cluster",
        "compute": {"driver": size, "worker": size | {"maxNodes": 4, "capacityType": "spot"}},
        "lakesailImageUri": "registry.example.com:5000/team/sail:1.2",
        "libraries": [
            {"pypi": {"package": "polars[numpy]>=1,<2; python_version>'3.9'"}},
            {"pypi": {"package": "ours", "repo": "https://pypi.example.com/simple"}},
            {"requirements": {"source": "# pinned\npolars==1.0  # fast\n\nnumpy\n"}},
            {"requirements": {"uri": "https://example.com/requirements.txt"}},
            {"whl": "s3://bucket/ours-1.0-py3-none-any.whl"},
            {"whl": "/opt/wheels/ours-1.0-py3-none-any.whl"},
        ],
        "extraEnv": {"AWS_PROFILE": "dev", "SAIL_CATALOG__DEFAULT_CATALOG": '"lake"', "_X1": ""},
    }
    assert refused(sail) == []


@pytest.mark.parametrize(
    "name",
    [
        *(
            "LD_PRELOAD",
            "DYLD_INSERT_LIBRARIES",
            "PATH",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "HOME",
            "IFS",
            "BASH_ENV",
            "ENV",
        ),
        *("GCONV_PATH", "MALLOC_ARENA_MAX", "RUST_LOG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY"),
        *("NO_PROXY", "PIP_INDEX_URL", "UV_INDEX", "KUBERNETES_SERVICE_HOST", "JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN"),
        *("JPY_PARENT_PID", "SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "LAKESAIL_API_TOKEN"),
        *("SAIL_MODE", "SAIL_INTERNAL__RUN_PYTHON", "SAIL_RUNTIME__STACK_SIZE", "SAIL_EXECUTION__BATCH_SIZE"),
        *("SAIL_EXECUTION__DEFAULT_PARALLELISM", "SAIL_SPARK__SESSION_TIMEOUT_SECS", "SAIL_CLUSTER__WORKER_MAX_COUNT"),
        *("lower", "1ST", "A-B", "A=B", "", "A B", "Ä", "A\n", "A" * 129),
    ],
)
def test_a_variable_that_changes_what_the_engine_is_is_refused(name: str) -> None:
    pointer = f"/extraEnv/{name[:128]}"
    assert refused({"extraEnv": {name: "x"}}, ONE_PERSON) == [pointer]


@pytest.mark.parametrize("name", ["PATHS", "HOME_PAGE", "ENVIRONMENT", "MY_LD_PRELOAD", "TZ", "SAILING"])
def test_a_variable_that_only_resembles_one_passes(name: str) -> None:
    assert refused({"extraEnv": {name: "x"}}) == []


def test_a_value_is_bounded_and_every_bad_variable_is_named() -> None:
    variables = {"FITS": "x" * 4096, "LONG": "x" * 4097, "NUL": "\0", "PATH": "x"}
    assert refused({"extraEnv": variables}) == ["/extraEnv/LONG", "/extraEnv/NUL", "/extraEnv/PATH"]
    assert refused({"extraEnv": {f"V{n}": "" for n in range(101)}}) == ["/extraEnv"]
    assert refused({"extraEnv": {"a/b~c": ""}}) == ["/extraEnv/a~1b~0c"]


@given(st.text())
def test_a_name_that_passes_is_one_that_a_shell_could_set(name: str) -> None:
    if not refused({"extraEnv": {name: "x"}}):
        assert name.isascii()
        assert name.isidentifier()
        assert name == name.upper()


@pytest.mark.parametrize(
    ("library", "pointer"),
    [
        ({}, ""),
        ({"pypi": {"package": "polars"}, "whl": "/a.whl"}, ""),
        ({"pypi": {"package": "--index-url=http://x"}}, "/pypi/package"),
        ({"pypi": {"package": "-r/etc/passwd"}}, "/pypi/package"),
        ({"pypi": {"package": " polars"}}, "/pypi/package"),
        ({"pypi": {"package": "polars\n--index-url=x"}}, "/pypi/package"),
        ({"pypi": {"package": "a @ file:///x"}}, "/pypi/package"),
        ({"pypi": {"package": "a @ https://example.com/a.whl"}}, "/pypi/package"),
        ({"pypi": {"package": "git+https://example.com/a"}}, "/pypi/package"),
        ({"pypi": {"package": "./a.whl"}}, "/pypi/package"),
        ({"pypi": {"package": "polars --pre"}}, "/pypi/package"),
        ({"pypi": {"package": "polars; python_version > '${HOME}'"}}, "/pypi/package"),
        ({"pypi": {"package": ""}}, "/pypi/package"),
        ({"pypi": {"package": "a", "repo": "http://pypi.example.com"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://me:secret@pypi.example.com"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://pypi.example.com/${TOKEN}"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://pypi.example.com/ --trusted-host x"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://pypi.example.com/\n--pre"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://"}}, "/pypi/repo"),
        ({"pypi": {"package": "a", "repo": "https://x:port/"}}, "/pypi/repo"),
        ({"requirements": {}}, "/requirements"),
        ({"requirements": {"source": "a", "uri": "https://example.com/r.txt"}}, "/requirements"),
        ({"requirements": {"source": "polars\n-r other.txt"}}, "/requirements/source"),
        ({"requirements": {"source": "-e ."}}, "/requirements/source"),
        ({"requirements": {"source": "--extra-index-url https://x"}}, "/requirements/source"),
        ({"requirements": {"source": "https://example.com/a.whl"}}, "/requirements/source"),
        ({"requirements": {"source": "polars \\\n --pre"}}, "/requirements/source"),
        ({"requirements": {"uri": "file:///etc/passwd"}}, "/requirements/uri"),
        ({"requirements": {"uri": "http://example.com/r.txt"}}, "/requirements/uri"),
        ({"whl": "../../x.whl"}, "/whl"),
        ({"whl": "/opt/../etc/x.whl"}, "/whl"),
        ({"whl": "x.whl"}, "/whl"),
        ({"whl": "/opt/x.tar.gz"}, "/whl"),
        ({"whl": "file:///opt/x.whl"}, "/whl"),
        ({"whl": "http://example.com/x.whl"}, "/whl"),
        ({"whl": "https://example.com/x.tar.gz"}, "/whl"),
    ],
)
def test_a_library_that_would_come_from_elsewhere_is_refused(library: dict[str, Any], pointer: str) -> None:
    assert refused({"libraries": [{"whl": "/fine.whl"}, library]}, ONE_PERSON) == [f"/libraries/1{pointer}"]


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "a.localhost", "intranet", "printer.local", "metadata.google.internal"),
        *("127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "10.0.0.8", "192.168.1.1", "172.16.0.1"),
        *("169.254.169.254", "0.0.0.0", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "100.64.0.1"),
    ],
)
def test_a_private_host_serves_one_person_and_no_team(host: str) -> None:
    sail = {"libraries": [{"pypi": {"package": "a", "repo": f"https://{host}/simple"}}]}
    assert refused(sail, TEAMS) == ["/libraries/0/pypi/repo"]
    assert refused(sail, ONE_PERSON) == []


@pytest.mark.parametrize(
    ("repo", "allowed"),
    [
        ("https://pypi.example.com/simple", True),
        ("https://intranet:8443/simple", True),
        ("https://pypi.org/simple", False),
        ("https://127.0.0.1/simple", False),
        ("https://pypi.example.com@evil.com/simple", False),
        ("http://pypi.example.com/simple", False),
    ],
)
def test_a_team_may_name_the_indexes_that_its_administrator_allows(repo: str, allowed: bool) -> None:
    hosts = frozenset({"pypi.example.com", "intranet:8443"})
    rules = ComputeRules(instance_types=shipped_instance_types(), private_hosts=False, index_hosts=hosts)
    sail = {"libraries": [{"pypi": {"package": "a", "repo": repo}}]}
    assert refused(sail, rules) == ([] if allowed else ["/libraries/0/pypi/repo"])
    assert refused({"libraries": [{"pypi": {"package": "a"}}]}, rules) == [], "pip's own"


@pytest.mark.parametrize("library", [{"whl": "https://{}/a.whl"}, {"requirements": {"uri": "https://{}/r.txt"}}])
@pytest.mark.parametrize(
    "host", ["2130706433", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1%25eth0]", "017700000001"]
)
def test_what_is_fetched_for_a_team_comes_from_no_private_place(library: dict[str, Any], host: str) -> None:
    def at(value: Any) -> Any:
        return {key: at(inner) for key, inner in value.items()} if isinstance(value, dict) else value.format(host)

    assert len(refused({"libraries": [at(library)]}, TEAMS)) == 1
    assert refused({"libraries": [at(library)]}, ONE_PERSON) == []


def test_an_instance_type_must_be_one_of_the_servers() -> None:
    compute = {"driver": {"instanceType": "z9.gigantic"}, "worker": {"instanceType": "m7i.large"}}
    assert refused({"compute": compute}) == ["/compute/driver/instanceType"]


@pytest.mark.parametrize(
    "image", ["sail", "-x/sail", "host/Sail", "host/sail:", "host/a b", "https://host/sail", "host/sail@sha256:12", ""]
)
def test_an_image_that_is_none_is_refused(image: str) -> None:
    assert refused({"lakesailImageUri": image}) == ["/lakesailImageUri"]
