"""What decides whether a freed engine is given to another session: whether it rests, and whether it ran Python code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("workload", sa.Column("rested_at", sa.BigInteger))
    op.add_column("workload", sa.Column("python_at", sa.BigInteger))
