"""``panel()``: how this notebook's session is, and what can be done with it, in a cell."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from IPython.display import display

from ..clock import SystemClock
from ..errors import FailedPrecondition, LakesailError
from ..spark.sessions.connect import connect
from .held import used_session_ids
from .here import NO_SESSION, here, value_of
from .hub import Hub, hub
from .kernel import ApisHere
from .picture import MOST_QUERIES, Picture, bundle
from .scripts import scripts

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

log = logging.getLogger(__name__)

_SILENCE = "The server did not tell."


class Panel(anywidget.AnyWidget):  # type: ignore[misc]
    """The Spark session of this notebook, live while it is on a page.

    It is a widget as those of ipywidgets: ``observe`` its ``value``, put it into an ``HBox``, ``close`` it.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    value = traitlets.Dict(dict(NO_SESSION)).tag(sync=True)
    """How the session is: ``sessionId``, ``status``, ``name``, ``config``, ``timeoutAt`` and so on. It is kept current
    while the panel is on a page; observers are called in a thread of the panel's, also while a cell runs."""

    _picture = traitlets.Dict().tag(sync=True)
    """What a page shows until the kernel answers it: what stands in the saved notebook, too."""

    def __init__(self, ours: Hub | None = None) -> None:
        self.key = uuid.uuid4().hex
        self._hub = hub() if ours is None else ours  # first: where panels cannot be shown, no widget begins
        super().__init__(_esm=scripts().module)
        self.layout.flex, self.layout.min_width = "1 1 0", "240px"  # in a box: its content has no width of its own
        self._said: str | None = None
        self.on_msg(self._heard)
        self._hub.add(self)

    def spark(self) -> SparkSession:
        """The PySpark session on the session that the panel shows.

        :raises FailedPrecondition: when there is none that lives.
        """
        session_id = self.value["sessionId"]
        if session_id is None:
            raise FailedPrecondition("The panel shows no session; connect first.")
        return connect(attach=session_id)

    def show(self, text: str) -> None:
        """Display it; front ends without widgets show this text."""
        self._said = text
        display(self)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """End it: its pages show what it was last."""
        self.leave()
        super().close()

    def leave(self) -> None:
        """It is on no page any more, and is told nothing."""
        ours = getattr(self, "_hub", None)  # one that was never finished has none
        if ours is not None:
            ours.remove(self)

    def say(self, message: Mapping[str, Any]) -> None:
        """Tell all of its views."""
        if self.comm is not None:
            self.send(dict(message))

    def take_value(self, value: Mapping[str, Any]) -> None:
        try:
            self.value = dict(value)
        except Exception:  # of the user's code: the panel goes on
            log.exception("An observer of the panel's value failed.")

    def _heard(self, _widget: object, message: object, _buffers: object) -> None:
        self._hub.heard(self, message)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | bundle(self.look(), self._said), metadata

    def look(self) -> Picture:
        """Read how the session is, now: it becomes the panel's value, and what a page shows at first."""
        picture = _take_picture()
        if picture.problem is None:
            self.take_value(value_of(picture.here))
        self._picture = dict(picture.json)
        return picture


def panel() -> Panel:
    """A panel that shows the Spark session of this notebook, or lets people choose one.

    :raises FailedPrecondition: outside of a notebook, or where the package was set up without its front end.
    """
    return Panel()


def _take_picture() -> Picture:
    clock, api = SystemClock(), ApisHere()
    try:
        reading = api.reading()
        me = reading.me()
        found = here(next(reading.session_pages()), me, used_session_ids())
        queries = None
        if found is not None and "queries" in me.features:
            queries = len(reading.queries(found.session.id, MOST_QUERIES))
    except LakesailError as error:
        log.info("The panel has no picture: %s", error.message)
        return Picture(at=clock.now(), problem=_SILENCE)  # the message may name the server's address
    return Picture(at=clock.now(), me=me, here=found, queries=queries)
