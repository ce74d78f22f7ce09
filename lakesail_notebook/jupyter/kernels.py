"""The kernels of this Jupyter server: each one is told where the API is and given a token that dies with it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_server.base.call_context import CallContext

from ..api_location import CA_FILE_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE
from ..errors import LakesailError, Unauthenticated
from ..tokens import KernelTokens
from ..workloads.rules.access import Principal, plain_member
from .token_files import TokenFiles

_STARTED_AS_OURS = {
    "python",
    f"python{sys.version_info.major}",
    f"python{sys.version_info.major}.{sys.version_info.minor}",
}
"""What jupyter_client replaces with this very interpreter, whatever PATH says."""


@dataclass(frozen=True, slots=True)
class _Kernel:
    user: Any
    """Jupyter's user whose request started it, if a request did."""
    started_at: str | None
    """The path of the Jupyter session that it was started for."""


class ServerKernels:
    """Wraps the server's kernel manager; implements the domain's ``Kernels``.

    :param manager: any ``MappingKernelManager``; its ``pre_start_kernel`` may change the arguments of a start.
    :param api_url: the API's root, as a process of this machine reaches it; known once the server's port is.
    :param certificate_file: of the server's certificate, if it speaks TLS.
    :param owner: the principal of a Jupyter user, or of nobody known.
    :param on_first_start: called when the first kernel is about to start.
    :param runtime_directory: where Jupyter keeps its kernels' connection files, too.
    """

    def __init__(
        self,
        manager: Any,
        *,
        api_url: Callable[[], str],
        certificate_file: Path | None,
        owner: Callable[[Any], Principal],
        runtime_directory: str,
        on_first_start: Callable[[], object],
    ) -> None:
        self._manager = manager
        self._api_url = api_url
        self._certificate_file = certificate_file
        self._on_first_start: Callable[[], object] | None = on_first_start
        self._owner = owner
        self._files = TokenFiles(runtime_directory)
        self._tokens: KernelTokens | None = None
        self._kernels: dict[str, _Kernel] = {}
        self._pre_start = manager.pre_start_kernel
        manager.pre_start_kernel = self._pre_start_kernel

    def alive(self, kernel_id: str) -> bool:
        return kernel_id in self._manager

    def living(self) -> frozenset[str]:
        return frozenset(self._manager.list_kernel_ids())

    def owner_of(self, kernel_id: str) -> str | None:
        kernel = self._kernels.get(kernel_id)
        if kernel is None or not self.alive(kernel_id):
            return None
        try:
            return self._owner(kernel.user).id
        except LakesailError:
            return None

    def by_token(self, token: str) -> Principal:
        """The owner of the kernel, as a plain member.

        :raises Unauthenticated: when no living kernel of this server holds the token.
        :raises PermissionDenied: when nobody known started it.
        """
        kernel_id = self._token_maker().kernel_of(token)
        kernel = self._kernels.get(kernel_id)
        if kernel is None or not self.alive(kernel_id):
            raise Unauthenticated("The kernel that this token was made for is gone; use the token of a running kernel.")
        return replace(plain_member(self._owner(kernel.user)), kernel_id=kernel_id)

    def started_at(self, kernel_id: str) -> str | None:
        """The path that a kernel was started for, as Jupyter told it; ``None`` when it was started for none."""
        kernel = self._kernels.get(kernel_id)
        return None if kernel is None else kernel.started_at

    def close(self) -> None:
        """Take the tokens of all kernels away."""
        self._manager.pre_start_kernel = self._pre_start
        self._kernels.clear()
        self._files.close()

    def _pre_start_kernel(self, kernel_name: str | None, kwargs: dict[str, Any]) -> Any:
        manager, name, kernel_id = self._pre_start(kernel_name, kwargs)
        environment = dict(kwargs.get("env") or os.environ)
        for name in (TOKEN_VARIABLE, CA_FILE_VARIABLE):  # of the control plane that the server's own environment names
            environment.pop(name, None)
        self._forget_dead_kernels()
        if self._on_first_start is not None:
            self._on_first_start()
            self._on_first_start = None
        told: Mapping[str, str] = kwargs.get("env") or {}  # the server's own environment tells of another server
        self._kernels[kernel_id] = _Kernel(_current_user(), told.get("JPY_SESSION_NAME"))
        kwargs["env"] = environment | {
            URL_VARIABLE: self._api_url(),
            TOKEN_FILE_VARIABLE: str(self._write_token(kernel_id)),
        }
        if self._certificate_file is not None:
            kwargs["env"][CA_FILE_VARIABLE] = str(self._certificate_file)
        if _shares_our_environment(manager.kernel_spec.argv):
            kwargs["extra_arguments"] = [*kwargs.get("extra_arguments", ()), "--ext=lakesail_notebook"]
        return manager, name, kernel_id

    def _write_token(self, kernel_id: str) -> Path:
        return self._files.write(kernel_id, self._token_maker().issue(kernel_id))

    def _forget_dead_kernels(self) -> None:
        starting: Mapping[str, Any] = getattr(self._manager, "_pending_kernels", {})
        for kernel_id in [known for known in self._kernels if not self.alive(known) and known not in starting]:
            del self._kernels[kernel_id]
            self._files.remove(kernel_id)

    def _token_maker(self) -> KernelTokens:
        self._tokens = self._tokens or KernelTokens()
        return self._tokens


def _current_user() -> Any:
    """The Jupyter user whose request starts the kernel, if it is one that starts it."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return None if handler is None else handler.current_user


def _shares_our_environment(argv: list[str]) -> bool:
    """Whether a kernelspec starts IPython's kernel in this server's environment, which has our magics."""
    if not argv or not any("ipykernel" in argument for argument in argv):
        return False
    if argv[0] in _STARTED_AS_OURS:
        return True
    python = shutil.which(argv[0]) or argv[0]
    return Path(python).parent == Path(sys.executable).parent
