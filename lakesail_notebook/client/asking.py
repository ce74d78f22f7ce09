"""What all operations of a client have in common: asking, encoding, decoding, and naming what the server lacks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..api_location import URL_VARIABLE
from ..cures import NEW_IN_PYTHON, SESSION_CLOSED, with_cure
from ..errors import FailedPrecondition, NotFound
from ..models import Me, encode_request, features_needed
from ..version import __version__
from .decoding import Answer, decode_answer
from .transport import Asked, Transport

_PATH_NOT_FOUND = "path_not_found"
"""The reason of a 404 for a path that the control plane does not have at all."""


class AskingClient:
    """A control plane, and the features that it announces."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.url = transport.url
        self._features: frozenset[str] | None = None

    def close(self) -> None:
        self._transport.close()

    def cut_off(self) -> None:
        """End what other threads ask through this client now, and ask nothing more."""
        self._transport.cut_off()

    def me(self) -> Me:
        """Who this client is to the control plane, and in which kernel and notebook."""
        return self._read(Asked(verb="GET", path="/me", feature="me"), Me)

    def _ask(self, asked: Asked) -> bytes:
        try:
            return self._transport.ask(asked)
        except NotFound as error:
            if asked.feature is None or error.reason != _PATH_NOT_FOUND:
                raise
            raise self._lacking([asked.feature]) from error
        except FailedPrecondition as error:
            if error.reason != SESSION_CLOSED:
                raise
            raise FailedPrecondition(with_cure(error.message, NEW_IN_PYTHON), reason=error.reason) from None

    def _body(self, request: msgspec.Struct) -> bytes:
        """A request as this control plane understands it.

        :raises FailedPrecondition: when it sets a field that the control plane does not announce.
        """
        needed = features_needed(request)
        lacking = needed - self._announced() if needed else needed
        if lacking:
            raise self._lacking(sorted(lacking))
        return encode_request(request)

    def _announced(self) -> frozenset[str]:
        """The features of the control plane, asked for once: it may be of another version than this client."""
        if self._features is None:
            try:
                self._features = frozenset(self.me().features)
            except (NotFound, FailedPrecondition):  # a control plane that has the LakeSail API and nothing else
                self._features = frozenset()
        return self._features

    def _lacking(self, features: Sequence[str]) -> FailedPrecondition:
        return FailedPrecondition(
            f"The control plane at {self.url} has no {' and no '.join(features)}: its lakesail-notebook is older than "
            f"this one ({__version__}). Update it where the server runs, or do without.",
            reason="feature_missing",
        )

    def _read(self, asked: Asked, kind: type[Answer]) -> Answer:
        content = self._ask(asked)
        try:
            return decode_answer(content, kind)
        except msgspec.MsgspecError as error:
            raise FailedPrecondition(
                f"The answer at {self.url}{asked.path} is not the workloads API's ({error}); check {URL_VARIABLE}.",
                reason="not_the_api",
            ) from error
