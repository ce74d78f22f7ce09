"""The supervisor's parts: the held port, the proxy's environment, the feed's manners towards strangers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import pytest

from lakesail_notebook import feed
from lakesail_notebook.control_plane.feed_server import HELLO_SECONDS, FeedServer
from lakesail_notebook.control_plane.supervisor import ProxySupervisor, proxy_environment, reserve_port
from lakesail_notebook.errors import Unavailable
from lakesail_notebook.feed import Route
from tests.feeds import KeepingReports, feed_server, source
from tests.hasty import run_hastily


def port_of(reserved: socket.socket) -> int:
    return int(reserved.getsockname()[1])


@pytest.fixture
def reserved() -> Sequence[socket.socket]:
    return reserve_port(())


def test_one_port_is_held_on_all_loopback_addresses(reserved: Sequence[socket.socket]) -> None:
    assert len({port_of(held) for held in reserved}) == 1
    assert reserved[0].getsockname()[0] == "127.0.0.1"
    for held in reserved:
        held.close()


def test_a_held_port_cannot_be_reserved_again(reserved: Sequence[socket.socket]) -> None:
    with pytest.raises(Unavailable, match="proxy_bind"):
        reserve_port((), port_of(reserved[0]))
    for held in reserved:
        held.close()


def test_a_held_port_takes_no_connections_from_who_listens_there(reserved: Sequence[socket.socket]) -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(reserved[0].getsockname())
        listening.listen(64)
        for _ in range(50):
            with socket.create_connection(reserved[0].getsockname(), timeout=20):
                listening.settimeout(20)
                listening.accept()[0].close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(reserved[0].getsockname(), timeout=20)
    for held in reserved:
        held.close()


def test_an_address_that_is_not_ours_is_refused_with_the_setting_to_change() -> None:
    with pytest.raises(Unavailable, match="proxy_bind"):
        reserve_port(("192.0.2.1",))


def test_the_proxys_environment_holds_no_secrets() -> None:
    environment = {
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": "/here",
        "JUPYTER_TOKEN": "secret",
        "JUPYTERHUB_API_TOKEN": "secret",
        "LAKESAIL_API_TOKEN": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "https_proxy": "http://user:secret@proxy",
    }
    assert proxy_environment(environment) == {"PATH": "/bin", "LC_ALL": "C.UTF-8", "PYTHONPATH": "/here"}


def test_a_supervisor_that_was_never_started_has_no_endpoint_and_publishes_nothing() -> None:
    async def scenario() -> None:
        supervisor = ProxySupervisor()
        with pytest.raises(Unavailable):
            _ = supervisor.endpoint
        async with asyncio.timeout(20):
            await supervisor.publish(route("A", "closed"))
        await supervisor.close()

    run_hastily(scenario())


def route(session_id: str, state: feed.RouteState) -> Route:
    return Route(session_id=session_id, workload_id="W", generation=1, state=state, message=f"{session_id} is over.")


class Peer:
    """The proxy's end of a feed, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def meet(cls, address: tuple[str, int], secret: str) -> Peer:
        peer = cls(*await asyncio.open_connection(*address))
        peer.say(feed.Hello(secret=secret))
        return peer

    def say(self, message: feed.FromProxy) -> None:
        self._writer.write(feed.encode_line(message))

    async def hear(self) -> feed.FromControlPlane | None:
        """The next message but heartbeats; ``None`` when the control plane hangs up."""
        async with asyncio.timeout(HELLO_SECONDS + 2):
            try:
                while line := await self._reader.readline():
                    message = feed.decode_from_control_plane(line)
                    if not isinstance(message, feed.Heartbeat):
                        return message
            except ConnectionError:
                pass
        return None

    async def leave(self) -> None:
        self._writer.transport.abort()
        await asyncio.sleep(0)


def test_a_stranger_is_turned_away() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        server.new_secret()
        stranger = await Peer.meet(address, "guessed")
        assert await stranger.hear() is None
        await stranger.leave()
        await server.close()

    run_hastily(scenario())


def test_a_silent_stranger_is_dropped() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        reader, writer = await asyncio.open_connection(*address)
        silent = Peer(reader, writer)
        assert await silent.hear() is None
        await silent.leave()
        await server.close()

    run_hastily(scenario())


def test_the_secret_of_an_earlier_proxy_is_worth_nothing() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        old = server.new_secret()
        server.new_secret()
        peer = await Peer.meet(address, old)
        assert await peer.hear() is None
        await peer.leave()
        await server.close()

    run_hastily(scenario())


def test_changes_made_while_the_snapshot_is_read_follow_it() -> None:
    async def scenario() -> None:
        server = FeedServer()
        reading, go_on = asyncio.Event(), asyncio.Event()

        async def slow_routes() -> list[Route]:
            reading.set()
            await go_on.wait()
            return [route("A", "ready"), route("B", "ready")]

        server.serve(source(routes=slow_routes))
        address = await server.start()
        server.publish(route("Z", "closed"))
        peer = await Peer.meet(address, server.new_secret())
        await reading.wait()
        server.publish(route("A", "closed"))
        server.publish(route("C", "pending"))
        go_on.set()
        snapshot, first, second = [await peer.hear() for _ in range(3)]
        assert isinstance(snapshot, feed.Snapshot)
        assert {known.session_id: known.state for known in snapshot.routes}["Z"] == "closed"
        assert isinstance(first, feed.RouteChange)
        assert isinstance(second, feed.RouteChange)
        assert [first.sequence, second.sequence] == [snapshot.sequence + 1, snapshot.sequence + 2]
        assert [first.route.session_id, second.route.session_id] == ["A", "C"]
        await peer.leave()
        await server.close()

    run_hastily(scenario())


def test_a_close_waits_for_the_proxys_word_but_a_second_at_most() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        peer = await Peer.meet(address, server.new_secret())
        assert isinstance(await peer.hear(), feed.Snapshot)
        sequence = server.publish(route("A", "closed"))
        waiting = asyncio.create_task(server.applied(sequence))
        change = await peer.hear()
        assert isinstance(change, feed.RouteChange)
        assert not waiting.done()
        peer.say(feed.Applied(sequence=change.sequence))
        assert await waiting
        async with asyncio.timeout(1.5):
            assert not await server.applied(server.publish(route("B", "closed")))
        await peer.leave()
        await server.close()

    run_hastily(scenario())


def test_the_newest_connection_counts() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        secret = server.new_secret()
        first = await Peer.meet(address, secret)
        assert isinstance(await first.hear(), feed.Snapshot)
        second = await Peer.meet(address, secret)
        assert isinstance(await second.hear(), feed.Snapshot)
        assert await first.hear() is None
        server.publish(route("A", "pending"))
        assert isinstance(await second.hear(), feed.RouteChange)
        await first.leave()
        await second.leave()
        await server.close()

    run_hastily(scenario())


def test_claims_are_answered_and_releases_confirmed_once_they_are_kept() -> None:
    async def scenario() -> None:
        server, reports = FeedServer(), KeepingReports()
        server.serve(source(reports=reports))
        address = await server.start()
        peer = await Peer.meet(address, server.new_secret())
        await peer.hear()
        for claim_id, caller in ((1, "ALICE"), (2, "BOB")):
            peer.say(feed.Claim(claim_id=claim_id, session_id="S", caller=caller, spark_session_id="P"))
        assert await peer.hear() == feed.ClaimAnswer(claim_id=1, granted=True)
        assert await peer.hear() == feed.ClaimAnswer(claim_id=2, granted=False, reason="foreign")
        peer.say(feed.Released(session_id="S", caller="ALICE", spark_session_id="P"))
        assert await peer.hear() == feed.ReleaseKept(session_id="S", spark_session_id="P")
        assert reports.released_ids == ["P"]
        await peer.leave()
        await server.close()

    run_hastily(scenario())


def test_a_proxy_that_does_not_follow_the_feed_is_noticed() -> None:
    async def scenario() -> None:
        server = feed_server()
        address = await server.start()
        peer = await Peer.meet(address, server.new_secret())
        await peer.hear()
        abandoned = asyncio.create_task(server.abandoned(1))
        done, _ = await asyncio.wait({abandoned}, timeout=1.5)
        assert not done
        await peer.leave()
        async with asyncio.timeout(5):
            await abandoned
        await server.close()

    run_hastily(scenario())


def test_a_proxy_that_comes_before_there_is_a_source_waits_for_its_snapshot() -> None:
    async def scenario() -> None:
        server = FeedServer()
        address = await server.start()
        impatient = await Peer.meet(address, server.new_secret())
        await impatient.leave()
        peer = await Peer.meet(address, server.new_secret())
        told = asyncio.create_task(peer.hear())
        done, _ = await asyncio.wait({told}, timeout=0.2)
        assert not done
        server.serve(source())
        assert isinstance(await told, feed.Snapshot)
        await peer.leave()
        await server.close()

    run_hastily(scenario())
