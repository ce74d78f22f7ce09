"""The first schema.

A migration never changes once it is released, so it says all of it itself instead of reading ``store.schema``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NOT_DELETED = sa.text("deleted_at IS NULL")
_NOT_CLEANED = sa.text("cleaned_at IS NULL")
_UNFINISHED = sa.text("infra_status IN ('requested', 'starting', 'ready', 'stopping')")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("team_ids", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("login", name="member_login_key"),
    )
    _create_workload_config()
    _create_workload()
    _create_session()
    op.create_table(
        "event",
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text),
        sa.Column("workload_id", sa.Text),
        sa.Column("caller_id", sa.Text),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("old_status", sa.Text),
        sa.Column("new_status", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("message", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "control_plane",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller_id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "spark_session",
        sa.Column("workload_id", sa.Text, primary_key=True),
        sa.Column("spark_session_id", sa.Text, primary_key=True),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sa.Column("released_at", sa.BigInteger),
    )
    op.create_index("spark_session_session_id", "spark_session", ["session_id"])


def _create_workload_config() -> None:
    op.create_table(
        "workload_config",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("workload_type", sa.Text, nullable=False),
        sa.Column("cluster_id", sa.Text, nullable=False),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("sail", sa.Text, nullable=False),
        sa.Column("endpoint_limits", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("updated_by", sa.Text),
        sa.Column("deleted_at", sa.BigInteger),
    )
    op.create_index(
        "workload_config_team_id_name",
        "workload_config",
        ["team_id", "name"],
        unique=True,
        sqlite_where=_NOT_DELETED,
        postgresql_where=_NOT_DELETED,
    )
    op.create_table(
        "service_account",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("updated_by", sa.Text),
        sa.UniqueConstraint("team_id", "username", name="service_account_team_id_username_key"),
    )


def _create_workload() -> None:
    op.create_table(
        "workload",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("config_id", sa.Text, nullable=False),
        sa.Column("config_version", sa.Integer, nullable=False),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("cluster_id", sa.Text, nullable=False),
        sa.Column("infra_status", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("shutdown_policy", sa.Text, nullable=False),
        sa.Column("reuse_key", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("owner", sa.Text),
        sa.Column("created_by", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("start_deadline", sa.BigInteger, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("endpoints", sa.Text, nullable=False),
        sa.Column("provisioned_at", sa.BigInteger),
        sa.Column("freed_at", sa.BigInteger),
        sa.Column("cleaned_at", sa.BigInteger),
        sa.Column("last_activity_at", sa.BigInteger),
        sa.Column("status_message", sa.Text),
    )
    op.create_index("workload_unfinished", "workload", ["id"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED)
    op.create_index("workload_uncleaned", "workload", ["id"], sqlite_where=_NOT_CLEANED, postgresql_where=_NOT_CLEANED)
    op.create_index("workload_reuse_key", "workload", ["reuse_key", "created_at"])


def _create_session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("endpoint_type", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("workload_id", sa.Text, nullable=False),
        sa.Column("team_id", sa.Text, nullable=False),
        sa.Column("member_id", sa.Text),
        sa.Column("service_account_id", sa.Text),
        sa.Column("caller_id", sa.Text, nullable=False),
        sa.Column("notebook_id", sa.Text),
        sa.Column("kernel_id", sa.Text),
        sa.Column("timeouts", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("last_activity_at", sa.BigInteger, nullable=False),
        sa.Column("active_since", sa.BigInteger),
        sa.Column("idle_since", sa.BigInteger),
        sa.Column("detached_since", sa.BigInteger),
        sa.Column("extended_until", sa.BigInteger),
        sa.Column("warned_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("termination_reason", sa.Text),
        sa.Column("status_message", sa.Text),
        sa.Column("allow_shared", sa.Boolean, nullable=False),
    )
    op.create_index("session_created_at_id", "session", ["created_at", "id"])
    op.create_index("session_team_id_created_at_id", "session", ["team_id", "created_at", "id"])
    op.create_index("session_caller_id_created_at_id", "session", ["caller_id", "created_at", "id"])
    op.create_index("session_status_created_at_id", "session", ["status", "created_at", "id"])
    op.create_index("session_team_id_status_created_at_id", "session", ["team_id", "status", "created_at", "id"])
    op.create_index("session_caller_id_status_created_at_id", "session", ["caller_id", "status", "created_at", "id"])
    op.create_index("session_workload_id_status", "session", ["workload_id", "status"])
