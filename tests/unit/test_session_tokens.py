"""Which tokens of a session are alive: by their number, their kernel and their generation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import FailedPrecondition, Unauthenticated
from lakesail_notebook.feed import Route
from lakesail_notebook.session_proxy.routes import require_live
from lakesail_notebook.signing_keys import SigningKey, load_or_create_signing_key, signing_keys
from lakesail_notebook.token_ids import Holder, KernelToken, LoginToken, holder_of, new_jti, new_kernel_mark
from lakesail_notebook.tokens import TokenIssuer, TokenVerifier
from lakesail_notebook.workloads.records import EndedKernel, SessionTokens
from lakesail_notebook.workloads.rules.routes import route_of
from lakesail_notebook.workloads.rules.session_tokens import (
    MAX_LOGIN_TOKENS,
    revoked,
    with_ended_kernel,
    with_login_token,
)
from tests.builders import NOW, a_session, a_workload

HOUR = timedelta(hours=1)
ROUTE = Route(session_id="S", workload_id="W", generation=1, state="ready")


def issued(count: int, tokens: SessionTokens | None = None, *, life: timedelta = HOUR) -> SessionTokens:
    tokens = tokens or SessionTokens()
    for _ in range(count):
        tokens = with_login_token(tokens, NOW + life, NOW)
    return tokens


def passes(holder: Holder | None, route: Route) -> bool:
    try:
        require_live(new_jti(holder), route)
    except Unauthenticated:
        return False
    return True


def alive_of(tokens: SessionTokens, count: int) -> list[int]:
    route = msgspec.structs.replace(ROUTE, logins_from=tokens.logins_from)
    return [number for number in range(1, count + 1) if passes(LoginToken(number), route)]


@pytest.mark.parametrize("count", [1, 19, 20, 21, 22, 45])
def test_the_newest_twenty_are_alive_though_all_were_issued_at_one_moment(count: int) -> None:
    assert alive_of(issued(count), count) == list(range(max(1, count - MAX_LOGIN_TOKENS + 1), count + 1))


def test_one_that_has_expired_makes_room_and_ends_no_other() -> None:
    """The first and the 19 others; two of these are short-lived, and gone when two more are issued."""
    tokens = issued(10)
    tokens = issued(2, tokens, life=timedelta(minutes=1))
    tokens = issued(8, tokens)
    later = NOW + timedelta(minutes=2)
    for _ in range(2):
        tokens = with_login_token(tokens, later + HOUR, later)
    assert (tokens.issued, tokens.logins_from) == (22, 0)
    tokens = with_login_token(tokens, later + HOUR, later)
    assert tokens.logins_from == 2


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=80))
def test_never_more_than_twenty_live_and_the_newest_always_does(lives: list[int]) -> None:
    tokens, now, ends = SessionTokens(), NOW, []
    for seconds in lives:
        now += timedelta(seconds=100)
        ends.append(now + timedelta(seconds=seconds))
        before = tokens.logins_from
        tokens = with_login_token(tokens, ends[-1], now)
        live = [number for number, end in enumerate(ends, 1) if number >= tokens.logins_from and end > now]
        assert len(live) <= MAX_LOGIN_TOKENS
        assert tokens.issued in live
        would_live = [number for number, end in enumerate(ends, 1) if number >= before and end > now]
        assert live == would_live[-MAX_LOGIN_TOKENS:]


@pytest.mark.parametrize("holder", [None, LoginToken(1), LoginToken(10**12), KernelToken(new_kernel_mark())])
def test_a_jti_says_whose_it_is_and_is_nobody_elses(holder: Holder | None) -> None:
    one, other = new_jti(holder), new_jti(holder)
    assert one != other
    assert holder_of(one) == holder


@pytest.mark.parametrize(
    "jti",
    [
        "",
        "login.0." + "0" * 32,
        "login.-1." + "0" * 32,
        "login.1",
        "login.1." + "0" * 31,
        "kernel.xyz." + "0" * 32,
        "login.1.kernel." + "0" * 32,
        "login.١." + "0" * 32,
        "Login.1." + "0" * 32,
    ],
)
def test_anything_else_says_nothing(jti: str) -> None:
    assert holder_of(jti) is None


def test_the_tokens_of_a_kernel_that_is_gone_are_dead_and_no_others() -> None:
    gone, alive = new_kernel_mark(), new_kernel_mark()
    route = msgspec.structs.replace(ROUTE, ended_kernels=(gone,), logins_from=3)
    assert not passes(KernelToken(gone), route)
    assert passes(KernelToken(alive), route)
    assert not passes(LoginToken(2), route)
    assert passes(LoginToken(3), route)
    assert passes(None, route), "of an older version"


def test_a_kernel_is_remembered_until_its_last_token_has_expired() -> None:
    tokens = with_ended_kernel(SessionTokens(), "a", NOW + HOUR, NOW)
    tokens = with_ended_kernel(tokens, "b", NOW + 3 * HOUR, NOW)
    assert tokens.ended_kernels == (EndedKernel("a", NOW + HOUR), EndedKernel("b", NOW + 3 * HOUR))
    later = with_ended_kernel(tokens, "c", NOW + 4 * HOUR, NOW + 2 * HOUR)
    assert [one.kernel for one in later.ended_kernels] == ["b", "c"]


def test_after_a_revocation_numbers_go_on() -> None:
    tokens = issued(5, with_ended_kernel(issued(30), "a", NOW + HOUR, NOW))
    assert revoked(tokens) == SessionTokens(issued=35)


def test_a_route_says_what_has_ended() -> None:
    tokens = with_ended_kernel(issued(23), "gone", NOW + HOUR, NOW)
    route = route_of(a_session(tokens=tokens), a_workload(), 64)
    assert (route.logins_from, route.ended_kernels) == (4, ("gone",))
    assert route_of(a_session(), a_workload(), 64).logins_from == 0


# Signing keys


def issue(issuer: TokenIssuer) -> str:
    return issuer.issue(
        caller="M", session_id="S", workload_id="W", generation=1, now=NOW, expires_at=NOW + HOUR, holder=LoginToken(7)
    )


def test_the_first_key_signs_and_all_verify(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.pem" for number in range(3)]
    keys = [load_or_create_signing_key(path) for path in paths]
    before = issue(TokenIssuer("us", keys[1]))
    rotated = TokenIssuer("us", *signing_keys(paths, default=tmp_path / "unused.pem"))
    assert [jwk["kid"] for jwk in rotated.public_keys()] == [key.kid for key in keys]
    verifier = TokenVerifier("us", rotated.public_keys())
    assert verifier.verify(before, NOW).sid == "S"
    assert holder_of(verifier.verify(issue(rotated), NOW).jti) == LoginToken(7)
    assert TokenVerifier("us", rotated.public_keys()[:1]).verify(issue(rotated), NOW).sid == "S"
    with pytest.raises(Unauthenticated):
        TokenVerifier("us", rotated.public_keys()[2:]).verify(before, NOW)
    assert not (tmp_path / "unused.pem").exists()


def test_without_files_the_key_of_the_data_directory_signs(tmp_path: Path) -> None:
    default = tmp_path / "signing-key.pem"
    [made] = signing_keys([], default=default)
    assert load_or_create_signing_key(default).kid == made.kid
    assert [key.kid for key in signing_keys([default, default], default=default)] == [made.kid]


@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_named_file_without_a_key_is_told_and_not_made(tmp_path: Path, content: bytes | None) -> None:
    path, default = tmp_path / "typo.pem", tmp_path / "signing-key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FailedPrecondition, match=r"typo\.pem"):
        signing_keys([default, path], default=default)
    assert path.exists() == (content is not None)


def test_a_key_of_another_server_signs_nothing_here() -> None:
    own, other = (SigningKey(name, Ed25519PrivateKey.generate()) for name in ("own", "other"))
    with pytest.raises(Unauthenticated):
        TokenVerifier("us", TokenIssuer("us", own).public_keys()).verify(issue(TokenIssuer("us", other)), NOW)
