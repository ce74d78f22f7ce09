"""Values at rest: what is encrypted here is read here, and by nobody else."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.encryption import MARK, ValueCipher, load_or_create_cipher
from lakesail_notebook.errors import FailedPrecondition, Unavailable

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.text(), st.text())
def test_what_is_encrypted_is_read_again(value: str, context: str) -> None:
    cipher = ValueCipher([OLD])
    encrypted = cipher.encrypt(value, context)
    assert encrypted.startswith(MARK)
    assert encrypted.isascii()
    assert cipher.decrypt(encrypted, context) == value
    assert len(value) < 4 or value not in encrypted


@pytest.mark.parametrize("value", ["", "a", MARK, "x" * 4096, "é\U0001f600"])
def test_another_key_another_name_and_altered_text_read_nothing(value: str) -> None:
    encrypted = ValueCipher([OLD]).encrypt(value, "NAME")
    altered = encrypted[:-3] + ("AAA" if not encrypted.endswith("AAA") else "BBB")
    assert ValueCipher([NEW]).decrypt(encrypted, "NAME") is None
    assert ValueCipher([OLD]).decrypt(encrypted, "OTHER") is None
    for damaged in (altered, MARK, f"{MARK}%%%", f"{MARK}AAAA", encrypted[:-8]):
        assert ValueCipher([OLD]).decrypt(damaged, "NAME") is None


def test_the_first_key_encrypts_and_all_read() -> None:
    before = ValueCipher([OLD]).encrypt("value", "NAME")
    both = ValueCipher([NEW, OLD])
    assert both.decrypt(before, "NAME") == "value"
    assert ValueCipher([NEW]).decrypt(both.encrypt("value", "NAME"), "NAME") == "value"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "lakesail" / "encryption-key"
    with ThreadPoolExecutor(8) as pool:
        encrypted = list(pool.map(lambda _: load_or_create_cipher(path).encrypt("value", "NAME"), range(8)))
    cipher = load_or_create_cipher(path)
    assert [cipher.decrypt(one, "NAME") for one in encrypted] == ["value"] * 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["encryption-key"]


def test_a_key_that_is_put_before_the_others_is_used(tmp_path: Path) -> None:
    path = tmp_path / "encryption-key"
    before = load_or_create_cipher(path).encrypt("value", "NAME")
    path.write_bytes(base64.b64encode(NEW) + b"\n" + path.read_bytes())
    cipher = load_or_create_cipher(path)
    assert cipher.decrypt(before, "NAME") == "value"
    assert ValueCipher([NEW]).decrypt(cipher.encrypt("value", "NAME"), "NAME") == "value"


@pytest.mark.parametrize("content", [b"", b"no key", base64.b64encode(b"short"), base64.b64encode(OLD) + b"\n!!"])
def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "encryption-key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(FailedPrecondition, match="put the right file back"):
        load_or_create_cipher(path)
    assert path.read_bytes() == content


def test_a_place_where_no_key_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="can be neither read nor made"):
        load_or_create_cipher(tmp_path / "file" / "encryption-key")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_key_that_others_can_reach_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "encryption-key"
    load_or_create_cipher(path)
    path.chmod(mode)
    with pytest.raises(FailedPrecondition, match=f"chmod 600 {path}"):
        load_or_create_cipher(path)
