"""What a person does next. The control plane says what happened; whoever shows it adds this."""

from __future__ import annotations

SESSION_CLOSED = "session_closed"
"""The reason of the API's refusals of what needs a live session."""
NEW_SESSION = "run %sail connect to start a new one"
"""Of a session that is over."""
NEW_IN_PYTHON = "lakesail_notebook.connect() starts a new one"
"""The same for a program, which has no magics."""
_OF_OTHERS = tuple(f"; {cure}." for cure in (NEW_SESSION, NEW_IN_PYTHON))


def with_cure(sentence: str, cure: str = NEW_SESSION) -> str:
    """A sentence and what to do about it, in place of the cure of another surface or of an older control plane."""
    return f"{without_cure(sentence).removesuffix('.')}; {cure}."


def without_cure(sentence: str) -> str:
    """The sentence alone."""
    ending = next((ending for ending in _OF_OTHERS if sentence.endswith(ending)), None)
    return sentence if ending is None else f"{sentence.removesuffix(ending)}."
