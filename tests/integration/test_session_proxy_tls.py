"""A session proxy for other machines: TLS on the addresses and at the endpoint that the administrator gave."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import pytest

from lakesail_notebook.control_plane.supervisor import ProxySupervisor, reserve_port
from lakesail_notebook.errors import Unavailable
from tests.certificates import self_signed
from tests.feeds import source

HEALTH = "/grpc.health.v1.Health/Check"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path, "127.0.0.1")


def free_port() -> int:
    (held,) = reserve_port(("127.0.0.1",))
    with held:
        return int(held.getsockname()[1])


def test_tls_is_spoken_where_the_administrator_says_so(certificate: tuple[Path, Path]) -> None:
    async def scenario() -> None:
        port = free_port()
        supervisor = ProxySupervisor(
            bind=("127.0.0.1",),
            port=port,
            public_endpoint="spark.example.org:443",
            tls_certificate_file=str(certificate[0]),
            tls_key_file=str(certificate[1]),
        )
        supervisor.serve(source())
        await supervisor.start()
        try:
            assert supervisor.endpoint == "spark.example.org:443"
            credentials = grpc.ssl_channel_credentials(certificate[0].read_bytes())
            async with grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
                assert await channel.unary_unary(HEALTH)(b"", wait_for_ready=True, timeout=60) == b"\x08\x01"
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                with pytest.raises(grpc.aio.AioRpcError):
                    await channel.unary_unary(HEALTH)(b"", timeout=2)
        finally:
            await supervisor.close()

    asyncio.run(scenario())


async def starting(supervisor: ProxySupervisor) -> str:
    """What who asks for it is told; nothing when all is well."""
    try:
        await supervisor.start()
    except Unavailable as error:
        return error.message
    return ""


def test_a_proxy_that_cannot_start_is_explained_until_one_can(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    async def scenario() -> None:
        missing = tmp_path / "missing.pem"
        supervisor = ProxySupervisor(tls_certificate_file=str(missing), tls_key_file=str(certificate[1]))
        supervisor.serve(source())
        assert await starting(supervisor) == ""
        try:
            async with asyncio.timeout(90):
                while not (said := await starting(supervisor)):
                    await asyncio.sleep(0.05)
                assert str(missing) in said
                assert "c.LakesailApp.proxy_tls_cert" in said
                missing.write_bytes(certificate[0].read_bytes())
                while await starting(supervisor):
                    await asyncio.sleep(0.05)
        finally:
            await supervisor.close()

    asyncio.run(scenario())
