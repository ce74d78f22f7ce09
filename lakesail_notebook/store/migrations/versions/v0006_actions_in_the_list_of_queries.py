"""Why a query failed, which action of its user it belongs to, and whether the engine answered after its end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("query", sa.Column("error", sa.Text))
    op.add_column("query", sa.Column("action_id", sa.Text))
    op.add_column("query", sa.Column("engine_answered", sa.Boolean))
