"""Operations: one verb on one path, as a plain async function that knows no HTTP. :mod:`.routes` lists them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Generic, TypeVar, cast, get_type_hints

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.utils import url_path_join
from msgspec import Struct
from tornado import web

from .. import models
from ..errors import LakesailError
from ..workloads.rules.access import Principal
from ..workloads.service import WorkloadsService
from .base import BoundedHandler
from .context import NOBODY, ApiContext, PublicService
from .decode import decode_header, decode_query

IDEMPOTENCY_KEY = "Idempotency-Key"

Body = TypeVar("Body")
Parameters = TypeVar("Parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Body, Parameters]):
    """One request, decoded."""

    principal: Principal
    path: Mapping[str, str]
    body: Body
    query: Parameters
    server_url: str
    """The server's base URL, as the caller reaches it."""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """One verb on one path."""

    verb: str
    path: str
    """Below the API's root; ``{name}`` takes one segment."""
    run: Callable[[Any, Call[Any, Any]], Awaitable[Struct | None]]
    """Given the :class:`WorkloadsService`, or the :class:`PublicService` where no login is needed."""
    status: int = 200
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    location: str | None = None
    """Of what was created, below the API's root; ``{id}`` is the answer's."""
    raises: tuple[type[LakesailError], ...] = ()
    """What it may answer beside what every operation of its shape may; for ``/openapi.json``."""
    takes_idempotency_key: bool = False
    feature: models.Feature | None = None
    """The feature that it belongs to, where it is ours, beyond the LakeSail API."""
    passive: bool = False
    """It only listens: no sign that somebody is at work, or that a session will be wanted."""

    @property
    def answer(self) -> type[Struct] | None:
        """What ``run`` returns; ``None``: an answer without a body."""
        returned = get_type_hints(self.run)["return"]
        return None if returned is NoneType else cast("type[Struct]", returned)


class _NoQuery(Struct, forbid_unknown_fields=True):
    pass


class OperationHandler(BoundedHandler):
    """All operations of one path."""

    def initialize(  # type: ignore[override]
        self, context: ApiContext, operations: Mapping[str, ApiOperation], public: bool
    ) -> None:
        super().initialize(context)
        self._operations = operations
        self.verbs = tuple(operations)
        self._track_activity = not all(operation.passive for operation in operations.values())
        self._public = public

    def needs_login(self) -> bool:
        return not self._public

    # `prepare` has authenticated the caller: by Jupyter's login, or by a kernel's token, which Jupyter does not know.

    @allow_unauthenticated
    async def get(self, **path: str) -> None:
        await self._run("GET", path)

    @allow_unauthenticated
    async def post(self, **path: str) -> None:
        await self._run("POST", path)

    @allow_unauthenticated
    async def patch(self, **path: str) -> None:
        await self._run("PATCH", path)

    @allow_unauthenticated
    async def delete(self, **path: str) -> None:
        await self._run("DELETE", path)

    async def _run(self, verb: str, path: Mapping[str, str]) -> None:
        self.on_body_read()
        operation = self._operations.get(verb)
        if operation is None:
            raise web.HTTPError(405)
        call: Call[Any, Any] = Call(
            principal=self._principal or NOBODY,
            path=path,
            body=None if operation.body is None else self.received(operation.body),
            idempotency_key=self._idempotency_key() if operation.takes_idempotency_key else None,
            query=decode_query(self.request.query_arguments, operation.query or _NoQuery),
            server_url=f"{self.request.protocol}://{self.request.host}{self.base_url}",
        )
        answer = await operation.run(await self._service(operation, call.principal), call)
        self.set_status(operation.status)
        if operation.location is not None:
            below = operation.location.format(id=cast("Any", answer).id)
            self.set_header("Location", url_path_join(self.context.root, below))
        if answer is None:
            self.finish()
        else:
            self.finish(models.encode(answer))

    async def _service(self, operation: ApiOperation, principal: Principal) -> WorkloadsService | PublicService:
        if self._public:
            return self.context.public
        return await self.context.service(principal, passive=operation.passive)

    def _idempotency_key(self) -> str | None:
        given = self.request.headers.get(IDEMPOTENCY_KEY)
        return None if given is None else decode_header(IDEMPOTENCY_KEY, given, models.IdempotencyKey)
