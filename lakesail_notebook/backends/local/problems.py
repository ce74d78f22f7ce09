"""What stands against starting a workload on this machine, told before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from ...errors import FieldError
from ...models import Library, SailConfig
from ...workloads.records import LaunchSpec
from ...workloads.rules.instance_types import InstanceType
from .requirements import whl_problem

_CONFIG = "/workloadConfigId"


def problems_of(spec: LaunchSpec, types: Mapping[str, InstanceType], roots: Sequence[str]) -> list[FieldError]:
    """:param roots: directories whose wheels may be named as files."""
    found = [*_size_problems(spec.sail, types)]
    found += (problem for library in spec.sail.libraries for problem in _library_problems(library, roots))
    directory, python = spec.working_directory, spec.python
    if directory is not None and not os.path.isdir(directory):
        found.append(FieldError("/metadata/lakesail~1cwd", f"{directory} is no directory of this machine"))
    if python is not None and not (os.path.isfile(python) and os.access(python, os.X_OK)):
        found.append(FieldError("/metadata/lakesail~1python", f"{python} is no interpreter of this machine"))
    return found


def _size_problems(sail: SailConfig, types: Mapping[str, InstanceType]) -> Iterator[FieldError]:
    sizes = () if sail.compute is None else (sail.compute.driver, sail.compute.worker)
    for size in sizes:
        if size is not None and size.instance_type is not None and size.instance_type not in types:
            yield FieldError(
                _CONFIG,
                f"the compute config asks for instance type {size.instance_type}, unknown to this server; "
                "c.LakesailApp.instance_types adds it",
            )


def _library_problems(library: Library, roots: Sequence[str]) -> Iterator[FieldError]:
    if library.whl is not None:
        problem = whl_problem(library.whl, roots)
        if problem is not None:
            message = f"the compute config asks for a wheel that {problem}: {library.whl[:200]}"
            yield FieldError(_CONFIG, message, paths=tuple(roots))
    elif library.requirements is not None and (library.requirements.uri or "").startswith("s3:"):
        yield FieldError(_CONFIG, "the compute config has its requirements in S3, which this cluster does not read")
