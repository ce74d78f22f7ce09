"""Who closed a session that was another's, and what was said when it was closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("session", sa.Column("closed_by", sa.Text))
    op.add_column("session", sa.Column("close_reason", sa.Text))
