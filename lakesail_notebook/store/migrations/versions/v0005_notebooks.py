"""Notebooks that keep their id when their file is renamed or moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "notebook",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("file", sa.Text),
        sa.Column("left_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    there = sa.text("left_at IS NULL")
    op.create_index(
        "notebook_server_path", "notebook", ["server", "path"], unique=True, sqlite_where=there, postgresql_where=there
    )
    op.create_index("notebook_server_file", "notebook", ["server", "file"])
    named = sa.text("notebook_id IS NOT NULL")
    op.create_index("session_notebook_id", "session", ["notebook_id"], sqlite_where=named, postgresql_where=named)
