"""Every state of the elements in the light theme, at each width.

Each theme is a file of its own, so that two workers share the work.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from .guard import Guard
from .states import MATRIX_SECONDS, look_at_all


@pytest.mark.timeout(MATRIX_SECONDS)
def test_every_state_is_accessible_fits_its_width_and_keeps_texts_as_texts(
    context: BrowserContext, guard: Guard, tmp_path: Path
) -> None:
    look_at_all(context, guard, tmp_path, "light")
