"""When a session is due for a look, which of its tokens have ended, and who asked for an event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("session", sa.Column("due_at", sa.BigInteger))
    live = sa.text("status IN ('pending', 'active', 'idle')")
    op.create_index("session_due_at", "session", ["due_at"], sqlite_where=live, postgresql_where=live)
    op.add_column("event", sa.Column("by", sa.Text))
    op.add_column("session", sa.Column("tokens", sa.Text))
    op.add_column("session", sa.Column("tokens_changed", sa.BigInteger))
    op.create_index("session_tokens_changed", "session", ["tokens_changed"])
