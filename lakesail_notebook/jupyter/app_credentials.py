"""What lets the marimo of a session ask the API about that session: a token in a file, which dies with either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..api_location import CA_FILE_VARIABLE, SESSION_ID_VARIABLE, TOKEN_FILE_VARIABLE, URL_VARIABLE
from ..errors import Unauthenticated
from ..tokens import AppTokens
from ..workloads.records import SessionRecord
from ..workloads.rules.access import Principal, of_a_session
from .token_files import TokenFiles

_GONE = "The session that this token was made for is over; use the token of another one."


class AppCredentials:
    """:param api_url: the API's root, as a process of this machine reaches it.
    :param certificate_file: of the server's certificate, if it speaks TLS.
    :param owner: the principal of whom all sessions here belong to.
    :param files: they go with this server.
    """

    def __init__(
        self,
        *,
        api_url: Callable[[], str],
        certificate_file: Path | None,
        owner: Callable[[], Principal],
        files: TokenFiles,
    ) -> None:
        self._api_url = api_url
        self._certificate_file = certificate_file
        self._owner = owner
        self._files = files
        self._tokens: AppTokens | None = None
        self._given: dict[str, str] = {}
        """The token of each session that has one."""

    def give(self, session: SessionRecord) -> Mapping[str, str]:
        self._tokens = self._tokens or AppTokens()
        token = self._given[session.id] = self._tokens.issue(session.id)
        told = {
            URL_VARIABLE: self._api_url(),
            TOKEN_FILE_VARIABLE: str(self._files.write(session.id, token)),
            SESSION_ID_VARIABLE: session.id,
        }
        return told if self._certificate_file is None else told | {CA_FILE_VARIABLE: str(self._certificate_file)}

    def revoke(self, session_id: str) -> None:
        if self._given.pop(session_id, None) is not None:
            self._files.remove(session_id)

    def by_token(self, token: str) -> Principal:
        """The owner of the session, as what runs on it.

        :raises Unauthenticated: when no live session of this server has the token.
        """
        if self._tokens is None:
            raise Unauthenticated(_GONE)
        session_id = self._tokens.session_of(token)
        if self._given.get(session_id) != token:
            raise Unauthenticated(_GONE)
        return of_a_session(self._owner(), session_id)

    def close(self) -> None:
        """Take all of them away."""
        self._given.clear()
        self._files.close()
