"""What a person does next in a notebook. The control plane says what happened; who shows it there adds this."""

from __future__ import annotations

SESSION_CLOSED = "session_closed"
"""The reason of the API's refusals of what needs a live session."""
NEW_SESSION = "run %sail connect to start a new one"
"""Of a session that is over."""


def with_cure(sentence: str, cure: str = NEW_SESSION) -> str:
    """A sentence and what to do about it. Older control planes put :data:`NEW_SESSION` there themselves."""
    return f"{without_cure(sentence).removesuffix('.')}; {cure}."


def without_cure(sentence: str) -> str:
    """The sentence alone."""
    ending = f"; {NEW_SESSION}."
    return f"{sentence.removesuffix(ending)}." if sentence.endswith(ending) else sentence
