"""The kernels of this Jupyter server: each one is told where the API is and given a token that dies with it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_server.base.call_context import CallContext

from ..api_location import CA_FILE_VARIABLE, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE
from ..errors import LakesailError, Unauthenticated
from ..process_identity import ProcessIdentity, boot_id, identity_of, pid_namespace
from ..tokens import KernelTokens
from ..workloads.rules.access import Principal, plain_member

_DIRECTORY = "lakesail-"
_OWNER_FILE = "server.json"
"""In such a directory: the server that made it."""
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
        self._directory = Path(runtime_directory) / f"{_DIRECTORY}{secrets.token_hex(8)}"
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
        shutil.rmtree(self._directory, ignore_errors=True)

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
        if not self._directory.exists():
            _clear_away_dead_servers(self._directory.parent)
            self._directory.mkdir(mode=0o700, parents=True)
            (self._directory / _OWNER_FILE).write_text(json.dumps(asdict(_this_server())))
        path = self._directory / kernel_id
        token = self._token_maker().issue(kernel_id)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        return path

    def _forget_dead_kernels(self) -> None:
        starting: Mapping[str, Any] = getattr(self._manager, "_pending_kernels", {})
        for kernel_id in [known for known in self._kernels if not self.alive(known) and known not in starting]:
            del self._kernels[kernel_id]
            with contextlib.suppress(OSError):
                (self._directory / kernel_id).unlink()

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


@dataclass(frozen=True, slots=True)
class _Server:
    """The server that made a directory. Containers of one machine may share the directory's parent, but no pids."""

    process: ProcessIdentity
    pid_namespace: str

    @classmethod
    def read_from(cls, file: Path) -> _Server:
        """:raises OSError, ValueError, TypeError, KeyError: for anything but what a server of ours has written."""
        said = json.loads(file.read_bytes())
        return cls(ProcessIdentity(**said["process"]), said["pid_namespace"])

    @property
    def dead(self) -> bool:
        """Whether it is gone for sure; of one elsewhere, or before the last boot, nobody here can tell."""
        same_pids = (self.process.boot_id, self.pid_namespace) == (boot_id(), pid_namespace())
        return same_pids and not self.process.alive()


def _this_server() -> _Server:
    return _Server(identity_of(os.getpid()), pid_namespace())


def _clear_away_dead_servers(runtime_directory: Path) -> None:
    """Servers that were killed left their directories; the tokens in them died with their servers."""
    for directory in runtime_directory.glob(f"{_DIRECTORY}*"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # none of ours, or just being written
            if _Server.read_from(directory / _OWNER_FILE).dead:
                shutil.rmtree(directory, ignore_errors=True)
