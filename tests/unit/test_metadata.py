"""A session's metadata: what people may keep in it, and what is the server's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.errors import InvalidArgument
from lakesail_notebook.workloads.rules.metadata import check_metadata

keys = st.from_regex(r"[A-Za-z0-9._-]{1,128}", fullmatch=True)


def pointers(metadata: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidArgument) as caught:
        check_metadata(metadata)
    return [error.pointer for error in caught.value.errors]


@given(st.dictionaries(keys, st.text(max_size=4096), max_size=50))
def test_ordinary_pairs_are_kept(metadata: dict[str, str]) -> None:
    check_metadata(metadata)


def test_a_session_may_say_where_it_was_made() -> None:
    check_metadata({"lakesail/python": "/usr/bin/python3", "lakesail/cwd": "/home/ada", "lakesail/notebook": "a.ipynb"})


@pytest.mark.parametrize(
    "key", ["lakesail/kernel", "lakesail/", "lakesail/Python", "a/b", "", "a b", "é", "k" * 129, "a\n"]
)
def test_any_other_key_is_refused(key: str) -> None:
    (pointer,) = pointers({key: "value"})
    assert pointer == "/metadata/" + key[:128].replace("/", "~1")


def test_a_tilde_in_a_pointer_is_escaped() -> None:
    assert pointers({"~/x": ""}) == ["/metadata/~0~1x"]


def test_every_bad_pair_is_named() -> None:
    assert pointers({"good": "x", "bad key": "x", "long": "x" * 4097}) == ["/metadata/bad key", "/metadata/long"]


def test_a_value_is_bounded() -> None:
    check_metadata({"key": "x" * 4096})
    assert pointers({"key": "x" * 4097}) == ["/metadata/key"]


def test_the_number_of_pairs_is_bounded() -> None:
    check_metadata({f"k{number}": "" for number in range(50)})
    with pytest.raises(InvalidArgument, match="more than 50 pairs"):
        check_metadata({f"k{number}": "" for number in range(51)})
