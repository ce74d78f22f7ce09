"""Which compute config an event tells of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("event", sa.Column("workload_config_id", sa.Text))
