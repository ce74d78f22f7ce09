"""Whether this process is a notebook's kernel, or was started by one.

The processes that a kernel starts inherit its environment, and so the address and the token of its control plane.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .owners import is_forked


def is_kernel(kernel_id: str | None) -> bool:
    """Whether this process is the kernel of this id.

    :param kernel_id: of the kernel whose token this process has; ``None``: of none.
    """
    if kernel_id is None or is_forked():
        return False
    own = _command_of(os.getpid()) or []  # a kernel that embeds Python has no ``sys.orig_argv``
    # A process that was forked before this package was loaded has its parent's command line.
    return names_kernel(kernel_id, [*sys.orig_argv, *own]) and own != _command_of(os.getppid())


def names_kernel(kernel_id: str, command: Sequence[str]) -> bool:
    """Whether a command line starts the kernel of this id: it names the connection file, whose name holds the id."""
    return any(kernel_id in word for word in command)


def _command_of(process_id: int) -> list[str] | None:
    import psutil  # a script without a kernel's token does not need it

    try:
        return list(psutil.Process(process_id).cmdline())
    except psutil.Error:
        return None
