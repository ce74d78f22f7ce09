"""Which tokens of a session are alive, and what has ended since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("session", sa.Column("tokens", sa.Text))
    op.add_column("session", sa.Column("tokens_changed", sa.BigInteger))
    op.create_index("session_tokens_changed", "session", ["tokens_changed"])
