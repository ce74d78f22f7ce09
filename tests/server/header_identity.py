"""An identity provider for tests alone: who asks, and with which groups, stands in headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_dir
from jupyter_server.auth import IdentityProvider, User

USER_HEADER = "X-Test-User"
SAW_HEADER = "X-Test-Saw-Authorization"
"""Of answers: whether an Authorization header reached the identity provider."""
GROUPS_HEADER = "X-Test-Groups"


EXPIRED_FILE = "logins-expired"
"""Beside the settings of a server with :class:`ExpiringIdentityProvider`; while it is there, logins have expired."""


class GroupUser(User):
    groups: list[str]


class HubUser(User):
    """What JupyterHub's identity provider hands out: all that the Hub says stands in ``hub_user``."""

    hub_user: dict[str, Any]


class HeaderIdentityProvider(IdentityProvider):
    """Without the header, Jupyter's own: whoever holds the server's token is somebody with a random name."""

    def get_user(self, handler: Any) -> Any:
        handler.set_header(SAW_HEADER, str("Authorization" in handler.request.headers))
        name = handler.request.headers.get(USER_HEADER)
        if name is None:
            return super().get_user(handler)
        handler._token_authenticated = True  # no browser sends such a header, so no other site can make one
        user = GroupUser(name)
        user.groups = handler.request.headers.get(GROUPS_HEADER, "").split()
        return user


class HubIdentityProvider(HeaderIdentityProvider):
    """As JupyterHub's looks to us."""

    hub_auth = object()

    def get_user(self, handler: Any) -> Any:
        user = super().get_user(handler)
        if not isinstance(user, GroupUser):
            return user
        hub_user = HubUser(user.username)
        hub_user.hub_user = {"kind": "user", "name": user.username, "groups": user.groups, "admin": False}
        return hub_user


class ExpiringIdentityProvider(HeaderIdentityProvider):
    """Logins as by cookies, which expire."""

    def get_user(self, handler: Any) -> Any:
        if (Path(jupyter_config_dir()) / EXPIRED_FILE).exists():
            return None
        user = super().get_user(handler)
        handler._token_authenticated = False
        return user
