"""Whether the engine continues the results of an operation exactly where its client left off. Pure.

Sail 0.7.2 keeps the last 128 responses of a running operation for a client that reattaches, and drops older ones
without an error. It numbers neither responses nor rows (``start_offset`` is not set), so the results that follow do
not show that some are missing. Therefore the session proxy asks for all that is kept, and passes on what comes after
the response that the client took last. If that response does not come, results are missing. This needs no memory: it
works after a restart of the session proxy. For this to work, the engine must not release the response that the client
took last (:meth:`.operations.OperationBook.releasable`).

Sail also sends the schema again, which PySpark does not expect in the middle of results.

Goes when Sail refuses to continue after a response that it does not have.
"""

from __future__ import annotations

from .engine_words import results_missing
from .executions import Part

KEPT_RESPONSES = 128
"""So many responses of an operation Sail keeps."""


class Resumption:
    """The responses of one ReattachExecute RPC.

    :param last_taken: the id of the last response that the client has taken; empty for none.
    :param first: the id of the operation's very first response; empty when this process has not seen it.
    """

    def __init__(self, last_taken: bytes, first: bytes) -> None:
        self._last_taken = last_taken
        self._first = first
        self._searching = bool(last_taken)
        self._seen = 0
        self._has_schema = bool(last_taken)  # the schema is the first response of a query

    def passes(self, part: Part) -> bool:
        """Whether the next response of the engine is for the client.

        :raises EngineAnswer: when responses between it and the last one that the client took are missing.
        """
        self._seen += 1
        if self._searching:
            self._search(part)
            return False
        if not self._last_taken:
            self._require_beginning(part)
        repeated = part.schema and self._has_schema
        self._has_schema = self._has_schema or part.schema
        return not repeated

    def end(self) -> None:
        """The engine has ended the stream in good order.

        :raises EngineAnswer: when the response that the client took last has not come. Without an error, the client
            would reattach after the same response again and again.
        """
        if self._searching:
            raise results_missing()

    def _search(self, part: Part) -> None:
        if part.response_id == self._last_taken:
            self._searching = False
        elif part.complete or self._seen >= KEPT_RESPONSES:
            raise results_missing()

    def _require_beginning(self, part: Part) -> None:
        if self._first:
            wrong = self._seen == 1 and part.response_id != self._first
        else:
            wrong = part.data_bytes > 0 and not self._has_schema
        if wrong:
            raise results_missing()
