"""Settings for every test: hypothesis must not judge how fast a loaded machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lakesail", deadline=None, max_examples=100)
settings.load_profile("lakesail")
