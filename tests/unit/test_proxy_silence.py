"""How long the session proxy has heard nothing, while it ran."""

from __future__ import annotations

from lakesail_notebook.session_proxy.silence import LOOK_SECONDS, Silence


def looked_at(silence: Silence, begin: float, seconds: int) -> float:
    """How long the silence is after looks at each second."""
    return [silence.seconds(begin + second) for second in range(1, seconds + 1)][-1]


def test_a_silence_is_as_long_as_the_process_ran_through_it() -> None:
    assert looked_at(Silence(100.0), 100.0, 10) == 10.0


def test_what_is_heard_ends_it() -> None:
    silence = Silence(0.0)
    looked_at(silence, 0.0, 9)
    silence.heard(9.5)
    assert silence.seconds(10.0) == 0.5


def test_the_time_in_which_the_process_was_stopped_does_not_count() -> None:
    silence = Silence(0.0)
    looked_at(silence, 0.0, 3)
    assert silence.seconds(3.0 + 3600.0) == 3.0 + 2 * LOOK_SECONDS
    assert looked_at(silence, 3603.0, 5) == 10.0
