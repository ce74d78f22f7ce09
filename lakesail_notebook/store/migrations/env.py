"""Alembic's entry: runs the migrations on the connection that the store hands in."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,  # SQLite has no full ALTER TABLE
    transaction_per_migration=False,
)
context.run_migrations()
