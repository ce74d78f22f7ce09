"""A warning points to the user's line, and is shown each time."""

from __future__ import annotations

import json
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakesail_notebook.spark.user_code.users_line import users_frame, warn_at_users_line


def warned() -> None:
    warn_at_users_line("look here", UserWarning)


def test_a_warning_points_to_the_caller_through_libraries() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            json.loads("{}", object_hook=lambda _: warned())
    assert [warning.filename for warning in caught] == [__file__, __file__]


def test_a_thread_without_code_of_the_user_points_to_what_the_main_thread_does() -> None:
    with ThreadPoolExecutor(1) as pool:
        frame = pool.submit(users_frame).result()
    assert frame.f_code.co_filename == __file__


def test_filters_hold() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="look here"):
            warned()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warned()
    assert caught == []
