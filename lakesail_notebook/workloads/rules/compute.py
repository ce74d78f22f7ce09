"""What a compute config may ask for, judged before it is stored: pure, and the same for every backend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...errors import FieldError, InvalidArgument, json_pointer
from ...models import Compute, SailConfig
from .instance_types import InstanceType
from .libraries import library_problems

_MAX_LIBRARIES = 100
_MAX_VARIABLES = 100
_MAX_VALUE_CHARACTERS = 4096
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_REFUSED_VARIABLES = re.compile(
    "|".join(
        (
            # what makes a process run other code
            *(r"LD_\w*", r"DYLD_\w*", "PATH", r"PYTHON\w*", "HOME", "IFS", "BASH_ENV", "ENV", "GCONV_PATH"),
            # how it allocates and logs
            *(r"MALLOC_\w*", r"RUST_\w*"),
            # whom it trusts, and through whom it talks
            *(r"SSL_CERT_\w*", "REQUESTS_CA_BUNDLE", r"\w*_PROXY", r"PIP_\w*", r"UV_\w*"),
            # what belongs to those who run it
            *(r"KUBERNETES_\w*", r"JUPYTER\w*", r"JPY_\w*", "SPARK_REMOTE", r"SPARK_CONNECT_\w*", r"LAKESAIL_\w*"),
        )
    )
)
_SAIL_VARIABLE = re.compile(r"SAIL_\w*")
_ALLOWED_SAIL_VARIABLES = re.compile(
    r"SAIL_(CATALOG|OPTIMIZER|PARQUET|PYTHON|TELEMETRY)__\w+"
    r"|SAIL_EXECUTION__(CHECKPOINT__PATH|COLLECT_STATISTICS|FILE_LISTING_CACHE__\w+)"
)
"""How queries are planned and where data is; not where the engine listens, what it starts and what it may hold."""
_IMAGE = re.compile(
    r"[a-z0-9]+([.-][a-z0-9]+)*(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_MAX_IMAGE_CHARACTERS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeRules:
    """What this server's configs are judged by."""

    instance_types: Mapping[str, InstanceType]
    private_hosts: bool
    """Whether libraries may come from this machine or a private network: on a server of one person, who reaches
    them anyway."""
    index_hosts: frozenset[str] | None = None
    """Of the only package indexes that libraries may name; ``None``: any."""


def check_sail(sail: SailConfig, rules: ComputeRules) -> None:
    """:raises InvalidArgument: with a pointer to each field that cannot be granted."""
    problems = (
        *_compute_problems(sail.compute, rules),
        *_image_problems(sail.lakesail_image_uri),
        *_library_problems(sail, rules),
        *_variable_problems(sail.extra_env),
    )
    if problems:
        name = problems[0].pointer.removeprefix("/config/sail/")
        raise InvalidArgument(f"{name} {problems[0].message}.", errors=problems)


def _compute_problems(compute: Compute | None, rules: ComputeRules) -> Iterator[FieldError]:
    asked = {} if compute is None else {"driver": compute.driver, "worker": compute.worker}
    for part, size in asked.items():
        wanted = None if size is None else size.instance_type
        if wanted is not None and wanted not in rules.instance_types:
            pointer = json_pointer("config", "sail", "compute", part, "instanceType")
            yield FieldError(pointer, _unknown_type(rules.instance_types))


def _unknown_type(types: Mapping[str, InstanceType]) -> str:
    examples = ", ".join([*sorted(types)[:3], "…"])
    return (
        f"is none of this server's {len(types)} instance types ({examples}); c.LakesailApp.instance_types adds others"
    )


def _image_problems(image: str | None) -> Iterator[FieldError]:
    if image is not None and (len(image) > _MAX_IMAGE_CHARACTERS or _IMAGE.fullmatch(image) is None):
        yield FieldError("/config/sail/lakesailImageUri", "must be an image such as registry.example.com/team/sail:1.2")


def _library_problems(sail: SailConfig, rules: ComputeRules) -> Iterator[FieldError]:
    if len(sail.libraries) > _MAX_LIBRARIES:
        yield FieldError("/config/sail/libraries", f"holds more than {_MAX_LIBRARIES}")
        return
    for number, library in enumerate(sail.libraries):
        pointer = json_pointer("config", "sail", "libraries", number)
        yield from library_problems(library, pointer, private_hosts=rules.private_hosts, index_hosts=rules.index_hosts)


def _variable_problems(variables: Mapping[str, str]) -> Iterator[FieldError]:
    if len(variables) > _MAX_VARIABLES:
        yield FieldError("/config/sail/extraEnv", f"holds more than {_MAX_VARIABLES} variables")
        return
    for name, value in variables.items():
        problem = _variable_problem(name, value)
        if problem is not None:
            yield FieldError(json_pointer("config", "sail", "extraEnv", name[:128]), problem)


def _variable_problem(name: str, value: str) -> str | None:
    if _VARIABLE.fullmatch(name) is None:
        return "must be named with 1 to 128 of A-Z 0-9 _, and no digit first"
    if _REFUSED_VARIABLES.fullmatch(name) is not None:
        return "cannot be set: it would change what the engine runs, trusts or belongs to"
    if _SAIL_VARIABLE.fullmatch(name) is not None and _ALLOWED_SAIL_VARIABLES.fullmatch(name) is None:
        return "cannot be set: the server sets this one of Sail's settings"
    if len(value) > _MAX_VALUE_CHARACTERS or "\0" in value:
        return f"must have at most {_MAX_VALUE_CHARACTERS} characters, and no NUL"
    return None
