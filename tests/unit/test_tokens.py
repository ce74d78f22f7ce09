"""Tokens: what this control plane signed passes, and nothing else in any other form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import FailedPrecondition, Unauthenticated, Unavailable
from lakesail_notebook.signing_keys import SigningKey, load_or_create_signing_key
from lakesail_notebook.tokens import (
    KERNEL_AUDIENCE,
    KERNEL_TYPE,
    LEEWAY_SECONDS,
    MAX_LIFETIME_SECONDS,
    SESSION_AUDIENCE,
    SESSION_TYPE,
    KernelTokens,
    TokenIssuer,
    TokenVerifier,
)

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ISSUED_AT = int(NOW.timestamp())
KEY = SigningKey("the-key", Ed25519PrivateKey.generate())
ISSUER = TokenIssuer("lakesail-test", KEY)
VERIFIER = TokenVerifier(ISSUER.issuer, ISSUER.public_keys())
HEADER: Mapping[str, Any] = {"alg": "EdDSA", "typ": SESSION_TYPE, "kid": KEY.kid}
PAYLOAD: Mapping[str, Any] = {
    "iss": ISSUER.issuer,
    "aud": SESSION_AUDIENCE,
    "sub": "MEMBER",
    "sid": "SESSION",
    "wid": "WORKLOAD",
    "gen": 3,
    "scope": "spark_connect",
    "iat": ISSUED_AT,
    "nbf": ISSUED_AT,
    "exp": ISSUED_AT + 3600,
    "jti": "0123456789abcdef",
}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: bytes | Mapping[str, Any], payload: bytes | Mapping[str, Any]) -> str:
    """A token under our own key, whatever stands in it."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    text = ".".join(map(base64url, parts))
    return f"{text}.{base64url(KEY.private.sign(text.encode()))}"


def refused(token: str, now: datetime = NOW) -> str:
    with pytest.raises(Unauthenticated) as caught:
        VERIFIER.verify(token, now)
    assert len(token) < 40 or token not in caught.value.message
    return caught.value.message


def issue(lifetime: timedelta = timedelta(hours=1)) -> str:
    return ISSUER.issue(
        caller="MEMBER", session_id="SESSION", workload_id="WORKLOAD", generation=3, now=NOW, expires_at=NOW + lifetime
    )


# What we issue


def test_an_issued_token_says_what_it_was_issued_for() -> None:
    claims = VERIFIER.verify(issue(), NOW)
    assert (claims.iss, claims.sub, claims.sid, claims.wid) == ("lakesail-test", "MEMBER", "SESSION", "WORKLOAD")
    assert (claims.gen, claims.scope) == (3, "spark_connect")
    assert (claims.iat, claims.nbf, claims.exp) == (ISSUED_AT, ISSUED_AT, ISSUED_AT + 3600)
    assert len(claims.jti) == 32


def test_an_issued_token_has_the_fixed_form() -> None:
    token = issue()
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "EdDSA", "typ": "sail-session+jwt", "kid": KEY.kid}
    payload = jwt.decode(token, options={"verify_signature": False})
    assert sorted(payload) == sorted(PAYLOAD)
    assert payload["aud"] == "lakesail-session-proxy"
    assert len(token) < 600


def test_no_two_tokens_are_the_same() -> None:
    assert VERIFIER.verify(issue(), NOW).jti != VERIFIER.verify(issue(), NOW).jti


def test_a_hand_made_token_of_the_right_form_passes() -> None:
    """The forgeries below differ from this one in one thing each."""
    assert VERIFIER.verify(signed(HEADER, PAYLOAD), NOW).jti == PAYLOAD["jti"]


@given(st.integers(1, MAX_LIFETIME_SECONDS))
def test_a_token_ends_at_its_last_second(seconds: int) -> None:
    claims = VERIFIER.verify(issue(timedelta(seconds=seconds)), NOW)
    assert not claims.expired(NOW + timedelta(seconds=seconds, milliseconds=-1))
    assert claims.expired(NOW + timedelta(seconds=seconds))


def test_an_expired_token_is_still_read() -> None:
    """Its holder may finish what began under it; the session proxy decides what that is."""
    claims = VERIFIER.verify(issue(), NOW + timedelta(days=300))
    assert claims.expired(NOW + timedelta(days=300))


def test_the_public_keys_hold_nothing_private() -> None:
    (jwk,) = ISSUER.public_keys()
    assert sorted(jwk) == ["alg", "crv", "kid", "kty", "use", "x"]


# What others might send


@given(st.text(max_size=200) | st.text(alphabet="eyJ.-_=abc", max_size=200))
def test_any_text_is_refused_with_a_sentence(text: str) -> None:
    assert refused(text).endswith(".")


@pytest.mark.parametrize("algorithm", ["none", "NoNe", "", "RS256", "HS256", "ES256", "Ed25519", None, ["EdDSA"]])
def test_another_algorithm_is_refused(algorithm: object) -> None:
    refused(signed({**HEADER, "alg": algorithm}, PAYLOAD))


def test_an_unsigned_token_is_refused() -> None:
    refused(jwt.encode(dict(PAYLOAD), "", algorithm="none", headers={"typ": SESSION_TYPE, "kid": KEY.kid}))
    refused(signed(HEADER, PAYLOAD).rpartition(".")[0] + ".")


@pytest.mark.parametrize(
    "encoding", [serialization.Encoding.PEM, serialization.Encoding.DER, serialization.Encoding.Raw]
)
def test_the_public_key_is_no_secret_to_sign_with(encoding: serialization.Encoding) -> None:
    raw = encoding == serialization.Encoding.Raw
    form = serialization.PublicFormat.Raw if raw else serialization.PublicFormat.SubjectPublicKeyInfo
    secret = KEY.private.public_key().public_bytes(encoding, form)
    text = (
        f"{base64url(json.dumps({**HEADER, 'alg': 'HS256'}).encode())}.{base64url(json.dumps(dict(PAYLOAD)).encode())}"
    )
    refused(f"{text}.{base64url(hmac.new(secret, text.encode(), hashlib.sha256).digest())}")


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    stranger = SigningKey(KEY.kid, Ed25519PrivateKey.generate())
    headers = {"typ": SESSION_TYPE, "kid": KEY.kid, "jwk": stranger.public_jwk(), "jku": "http://127.0.0.1:9/keys"}
    refused(jwt.encode(dict(PAYLOAD), stranger.private, algorithm="EdDSA", headers=headers))
    refused(jwt.encode(dict(PAYLOAD), stranger.private, algorithm="EdDSA", headers={**headers, "kid": "theirs"}))


@pytest.mark.parametrize("kid", ["unknown", "../../dev/null", "", ["the-key"], {"the-key": 1}, 7, None])
def test_an_unknown_key_id_is_refused(kid: object) -> None:
    refused(signed({**HEADER, "kid": kid}, PAYLOAD))


def test_a_missing_key_id_is_refused() -> None:
    refused(signed({"alg": "EdDSA", "typ": SESSION_TYPE}, PAYLOAD))


def test_a_key_that_is_no_longer_served_is_dead() -> None:
    replaced = TokenVerifier(ISSUER.issuer, [SigningKey("new", Ed25519PrivateKey.generate()).public_jwk()])
    with pytest.raises(Unauthenticated):
        replaced.verify(issue(), NOW)


def test_an_old_key_lives_on_beside_a_new_one() -> None:
    new = SigningKey("new", Ed25519PrivateKey.generate())
    both = TokenVerifier(ISSUER.issuer, [new.public_jwk(), KEY.public_jwk()])
    assert both.verify(issue(), NOW).sid == "SESSION"


@pytest.mark.parametrize("kind", ["JWT", "sail-kernel+jwt", "SAIL-SESSION+JWT", "", None, 1, [SESSION_TYPE]])
def test_another_type_is_refused(kind: object) -> None:
    refused(signed({**HEADER, "typ": kind}, PAYLOAD))


@pytest.mark.parametrize(
    "header", [{"crit": []}, {"crit": ["exp"], "exp": 1}, {"b64": False}, {"b64": False, "crit": ["b64"]}]
)
def test_a_header_that_asks_for_more_is_refused(header: dict[str, object]) -> None:
    refused(signed({**HEADER, **header}, PAYLOAD))


@pytest.mark.parametrize("claim", sorted(PAYLOAD))
def test_every_claim_is_required(claim: str) -> None:
    refused(signed(HEADER, {name: value for name, value in PAYLOAD.items() if name != claim}))
    refused(signed(HEADER, {**PAYLOAD, claim: None}))


not_a_number = st.one_of(
    st.text(max_size=10),
    st.booleans(),
    st.floats(),
    st.integers(max_value=-1),
    st.integers(min_value=2**53),
    st.lists(st.integers(), max_size=2),
    st.just(str(ISSUED_AT)),
    st.just(float(ISSUED_AT)),
    st.just(10**30),
)


@given(st.sampled_from(["gen", "iat", "nbf", "exp"]), not_a_number)
def test_a_number_is_a_whole_number_and_nothing_else(claim: str, value: object) -> None:
    refused(signed(HEADER, {**PAYLOAD, claim: value}))


not_a_text = st.one_of(
    st.just(""),
    st.text(min_size=257, max_size=400),
    st.integers(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=1),
)


@given(st.sampled_from(["sub", "sid", "wid", "scope", "jti"]), not_a_text)
def test_a_text_is_a_text_of_bounded_length(claim: str, value: object) -> None:
    refused(signed(HEADER, {**PAYLOAD, claim: value}))


@pytest.mark.parametrize(
    "audience", [[SESSION_AUDIENCE], [SESSION_AUDIENCE, "x"], KERNEL_AUDIENCE, "", SESSION_AUDIENCE + " "]
)
def test_another_audience_is_refused(audience: object) -> None:
    refused(signed(HEADER, {**PAYLOAD, "aud": audience}))


@pytest.mark.parametrize("issuer", ["lakesail-other", "", [], ["lakesail-test"], "lakesail-test\n"])
def test_another_issuer_is_refused(issuer: object) -> None:
    refused(signed(HEADER, {**PAYLOAD, "iss": issuer}))


def test_another_scope_is_refused() -> None:
    refused(signed(HEADER, {**PAYLOAD, "scope": "marimo"}))


@pytest.mark.parametrize("lifetime", [0, -1, MAX_LIFETIME_SECONDS + 1])
def test_a_lifetime_is_bounded(lifetime: int) -> None:
    refused(signed(HEADER, {**PAYLOAD, "exp": ISSUED_AT + lifetime}))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_the_future_waits_but_for_the_leeway_of_clocks(claim: str) -> None:
    token = signed(HEADER, {**PAYLOAD, claim: ISSUED_AT + LEEWAY_SECONDS})
    assert VERIFIER.verify(token, NOW).sid == "SESSION"
    assert "clock" in refused(token, NOW - timedelta(seconds=1))


@pytest.mark.parametrize("twice", ["sub", "exp", "aud"])
def test_a_claim_that_stands_twice_is_refused(twice: str) -> None:
    once = json.dumps(dict(PAYLOAD)).encode()
    again = json.dumps({twice: PAYLOAD[twice]}).encode()
    refused(signed(HEADER, once[:-1] + b"," + again[1:]))


def test_a_header_name_that_stands_twice_is_refused() -> None:
    refused(signed(json.dumps(dict(HEADER)).encode()[:-1] + b',"typ":"sail-session+jwt"}', PAYLOAD))


@pytest.mark.parametrize("payload", [b"", b"[]", b'"text"', b"null", b"{", b"[" * 5000, b'{"exp":NaN}', b"\xff\xfe{}"])
def test_a_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    refused(signed(HEADER, payload))


@given(st.data())
def test_no_other_spelling_of_a_token_passes(data: st.DataObject) -> None:
    """One token, one text: else a token could be told apart from its own hash."""
    token = signed(HEADER, PAYLOAD)
    place = data.draw(st.integers(0, len(token)))
    extra = data.draw(st.sampled_from(["=", "==", ".", " ", "\n", "A", "\u00e9", "+", "/"]))
    refused(token[:place] + extra + token[place:])


@given(st.data())
def test_no_changed_character_passes(data: st.DataObject) -> None:
    token = signed(HEADER, PAYLOAD)  # the same each time, as what is drawn depends on it
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda character: character != token[place]))
    refused(token[:place] + other + token[place + 1 :])


def test_the_signature_of_another_token_does_not_fit() -> None:
    mine, theirs = issue(), signed(HEADER, {**PAYLOAD, "sid": "THEIRS"})
    refused(theirs.rpartition(".")[0] + "." + mine.rpartition(".")[2])


def test_a_very_long_token_is_refused_unread() -> None:
    refused("a" * 1_000_000)
    refused(signed(HEADER, {**PAYLOAD, "more": "x" * 8192}))


# The signing key


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "signing-key.pem"
    first = load_or_create_signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_signing_key(path).kid == first.kid
    assert os.listdir(path.parent) == ["signing-key.pem"]


def test_those_who_make_the_signing_key_at_once_have_the_same(tmp_path: Path) -> None:
    path = tmp_path / "signing-key.pem"
    with ThreadPoolExecutor(8) as pool:
        kids = {key.kid for key in pool.map(load_or_create_signing_key, [path] * 8)}
    assert len(kids) == 1
    assert os.listdir(tmp_path) == ["signing-key.pem"]


def test_the_key_id_is_the_thumbprint_of_the_key(tmp_path: Path) -> None:
    key = load_or_create_signing_key(tmp_path / "key.pem")
    jwk = key.public_jwk()
    canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x")}, separators=(",", ":"))
    assert key.kid == base64url(hashlib.sha256(canonical.encode()).digest())


def other_keys() -> dict[str, bytes]:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    rsa = generate_private_key(public_exponent=65537, key_size=2048)
    return {
        "empty": b"",
        "text": b"no key at all",
        "rsa": rsa.private_bytes(pem, pkcs8, serialization.NoEncryption()),
        "encrypted": KEY.private.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"secret")),
        "public": KEY.private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo),
    }


@pytest.mark.parametrize("kind", ["empty", "text", "rsa", "encrypted", "public"])
def test_a_file_that_is_no_signing_key_is_said_and_left_alone(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "signing-key.pem"
    content = other_keys()[kind]
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(FailedPrecondition, match=r"signing-key\.pem holds no Ed25519 private key; move it away"):
        load_or_create_signing_key(path)
    assert path.read_bytes() == content


def test_a_place_where_no_key_can_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="can be neither read nor made"):
        load_or_create_signing_key(tmp_path / "file" / "signing-key.pem")


def test_a_signing_key_shows_nothing_private() -> None:
    secret = KEY.private.private_bytes_raw()
    assert secret.hex() not in repr(KEY)
    assert base64url(secret) not in repr(KEY)


# Kernel tokens


def test_a_kernel_token_names_its_kernel() -> None:
    tokens = KernelTokens()
    assert tokens.kernel_of(tokens.issue("kernel-1")) == "kernel-1"


def test_a_kernel_token_dies_with_the_server_that_made_it() -> None:
    with pytest.raises(Unauthenticated, match="restart the kernel"):
        KernelTokens().kernel_of(KernelTokens().issue("kernel-1"))


def test_a_session_token_is_no_kernel_token_nor_the_reverse() -> None:
    with pytest.raises(Unauthenticated):
        KernelTokens().kernel_of(issue())
    refused(KernelTokens().issue("kernel-1"))


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({"typ": "JWT"}, {"aud": KERNEL_AUDIENCE, "sub": "kernel-1"}),
        ({"typ": KERNEL_TYPE}, {"aud": SESSION_AUDIENCE, "sub": "kernel-1"}),
        ({"typ": KERNEL_TYPE}, {"aud": [KERNEL_AUDIENCE], "sub": "kernel-1"}),
        ({"typ": KERNEL_TYPE}, {"aud": KERNEL_AUDIENCE, "sub": ""}),
        ({"typ": KERNEL_TYPE}, {"aud": KERNEL_AUDIENCE}),
    ],
)
def test_a_kernel_token_of_another_form_is_refused(headers: dict[str, Any], payload: dict[str, Any]) -> None:
    secret = b"k" * 32
    tokens = KernelTokens(secret)
    with pytest.raises(Unauthenticated):
        tokens.kernel_of(jwt.encode(payload, secret, algorithm="HS256", headers=headers))
