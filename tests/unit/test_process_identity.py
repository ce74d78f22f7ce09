"""What another process of the same machine can tell of the process that a Spark session ends with."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from lakesail_notebook.process_identity import HOLDER_HEADER, Holder, identity_of, pid_namespace
from lakesail_notebook.session_proxy.auth import holder_of


def test_a_holder_survives_its_journey_as_text() -> None:
    holder = Holder.this_process()
    assert Holder.read(holder.text) == holder
    assert holder.text.isascii()
    assert holder.text.isprintable()


@pytest.mark.parametrize("text", ["", "boot", "boot pid 1.0 ns", "boot 1 soon ns", "boot 1"])
def test_what_is_no_holder_is_none(text: str) -> None:
    assert Holder.read(text) is None


@pytest.mark.parametrize("pid", [0, -1, 2**31, 2**64])
def test_a_holder_with_a_pid_that_no_process_has_is_none(pid: int) -> None:
    holder = Holder.this_process()
    impossible = replace(holder, process=replace(holder.process, pid=pid))
    assert Holder.read(impossible.text) is None
    assert holder_of([(HOLDER_HEADER, impossible.text)]) is None


def test_a_holder_is_gone_once_its_process_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    holder = Holder(identity_of(process.pid), pid_namespace())
    assert not holder.gone
    process.communicate()
    assert holder.gone


def test_a_process_of_another_boot_or_container_is_never_taken_for_gone() -> None:
    ended = replace(Holder.this_process().process, started_at=1.0)
    assert Holder(ended, pid_namespace()).gone
    assert not Holder(ended, "pid:[1]").gone
    assert not Holder(replace(ended, boot_id="another"), pid_namespace()).gone


def test_an_rpc_names_its_holder_in_its_metadata() -> None:
    holder = Holder.this_process()
    assert holder_of([("authorization", "Bearer t"), (HOLDER_HEADER, holder.text)]) == holder
    assert holder_of([("authorization", "Bearer t")]) is None
    assert holder_of([(HOLDER_HEADER, "nonsense")]) is None
