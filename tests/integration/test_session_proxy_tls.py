"""A session proxy for other machines: TLS on the addresses and at the endpoint that the administrator gave."""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lakesail_notebook.supervisor import ProxySupervisor, reserve_port
from tests.feeds import source

HEALTH = "/grpc.health.v1.Health/Check"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = tmp_path / "tls.pem", tmp_path / "tls.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


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
                assert await channel.unary_unary(HEALTH)(b"", wait_for_ready=True, timeout=20) == b"\x08\x01"
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                with pytest.raises(grpc.aio.AioRpcError):
                    await channel.unary_unary(HEALTH)(b"", timeout=2)
        finally:
            await supervisor.close()

    asyncio.run(scenario())


def test_a_certificate_that_cannot_be_read_is_said_in_the_proxys_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        missing = str(tmp_path / "missing.pem")
        supervisor = ProxySupervisor(tls_certificate_file=missing, tls_key_file=missing)
        supervisor.serve(source())
        await supervisor.start()
        try:
            async with asyncio.timeout(20):
                while not any(missing in line for line in supervisor.log_tail(20)):
                    await asyncio.sleep(0.05)
        finally:
            await supervisor.close()

    asyncio.run(scenario())
