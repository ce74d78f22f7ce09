"""Whose RPCs the tests of the session proxy's book follow, and under which token."""

from __future__ import annotations

from datetime import timedelta

from lakesail_notebook.session_proxy.operation import SparkSession
from lakesail_notebook.tokens import SessionClaims
from tests.unit.test_proxy_auth import START

MINE = SparkSession("W", "S", "ALICE", "spark-1")
LIFETIME = 100
CLAIMS = SessionClaims(
    iss="us",
    sub="ALICE",
    sid="S",
    wid="W",
    gen=1,
    scope="spark_connect",
    iat=int(START.timestamp()),
    nbf=int(START.timestamp()),
    exp=int((START + timedelta(seconds=LIFETIME)).timestamp()),
    jti="token-1",
)


def not_cut() -> None:
    """No RPC was cut by the proxy."""
