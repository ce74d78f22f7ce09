"""Page markers: good for the list that they came from, and for nothing else."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.workloads.filters import PageKey
from lakesail_notebook.workloads.rules.markers import make_marker, read_marker
from tests.builders import NOW

SECRET = b"s" * 32
KEY = PageKey(NOW, "0MTJ2Z5K9ABCDEFGHIJK")
SCOPE = "sessions of ada"
keys = st.builds(
    PageKey,
    st.datetimes(datetime(1970, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC)),
    st.from_regex(r"[A-Z0-9]{1,20}", fullmatch=True),
)


def refused(marker: str, scope: str = SCOPE, secret: bytes = SECRET) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_marker(marker, scope, secret)
    assert [error.pointer for error in caught.value.errors] == ["/marker"]
    assert "leave it out to start from the first page" in caught.value.message


@given(keys, st.text(), st.binary(min_size=1))
def test_a_marker_brings_back_its_row(key: PageKey, scope: str, secret: bytes) -> None:
    marker = make_marker(key, scope, secret)
    assert read_marker(marker, scope, secret) == key
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,1024}", marker)


@given(st.text())
def test_a_marker_of_another_list_is_refused(scope: str) -> None:
    if scope != SCOPE:
        refused(make_marker(KEY, SCOPE, SECRET), scope=scope)


def test_a_marker_of_another_database_is_refused() -> None:
    refused(make_marker(KEY, SCOPE, b"another"))


@given(st.data())
def test_an_altered_marker_is_refused(data: st.DataObject) -> None:
    marker = make_marker(KEY, SCOPE, SECRET)
    raw = bytearray(base64.urlsafe_b64decode(marker + "=" * (-len(marker) % 4)))
    place, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    raw[place] ^= 1 << bit
    refused(base64.urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.data())
def test_another_spelling_of_a_marker_is_refused(data: st.DataObject) -> None:
    marker = make_marker(KEY, SCOPE, SECRET)
    place = data.draw(st.integers(0, len(marker)))
    extra = data.draw(st.sampled_from(["=", "==", " ", "\n", "A", "\0", "\u00e9", "."]))
    refused(marker[:place] + extra + marker[place:])


@given(st.text() | st.text(alphabet="ABCabc123-_="))
def test_any_other_text_is_refused(text: str) -> None:
    refused(text)


@given(st.binary(max_size=100))
def test_any_other_bytes_are_refused(raw: bytes) -> None:
    refused(base64.urlsafe_b64encode(raw).decode().rstrip("="))


def test_a_very_long_marker_is_refused() -> None:
    refused("A" * 100_000)


def test_a_marker_does_not_tell_its_scope() -> None:
    marker = make_marker(KEY, "sessions of somebody secret", SECRET)
    raw = base64.urlsafe_b64decode(marker + "=" * (-len(marker) % 4))
    assert b"secret" not in raw
