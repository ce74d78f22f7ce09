"""The exception tree: one class for each canonical code, whoever adds to it."""

from __future__ import annotations

import inspect
import pickle
import re

from lakesail_notebook import errors
from lakesail_notebook.errors import FAMILIES, FieldError, LakesailError

CANONICAL_CODES = {
    "INVALID_ARGUMENT",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "FAILED_PRECONDITION",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
}
CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, LakesailError)]


def test_every_code_has_its_family() -> None:
    assert set(FAMILIES) == CANONICAL_CODES
    assert len(set(FAMILIES.values())) == len(FAMILIES)


def test_every_class_belongs_to_the_family_of_its_code() -> None:
    for kind in CLASSES:
        assert kind is LakesailError or issubclass(kind, FAMILIES[kind.code]), kind


def test_a_family_is_named_after_its_code() -> None:
    for code, kind in FAMILIES.items():
        assert re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).upper() == code


def test_the_tree_in_the_documentation_is_the_tree() -> None:
    assert errors.__doc__ is not None
    for kind in CLASSES:
        assert re.search(rf"\b{kind.__name__}\b", errors.__doc__), kind


def test_an_error_carries_what_its_caller_needs() -> None:
    field = FieldError("/name", "is empty")
    error = errors.InvalidArgument("No.", reason="bad_name", errors=(field,), retry_after_seconds=2.5)
    assert str(error) == error.message == "No."
    assert (error.reason, error.errors, error.retry_after_seconds) == ("bad_name", (field,), 2.5)
    bare = errors.NotFound("Gone.")
    assert (bare.reason, bare.errors, bare.retry_after_seconds) == (None, (), None)


def test_an_error_crosses_processes_whole() -> None:
    error = errors.ResourceExhausted("Full.", reason="live_sessions", retry_after_seconds=60)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, again.reason, again.retry_after_seconds) == (
        errors.ResourceExhausted,
        "Full.",
        "live_sessions",
        60,
    )
