"""Persistence in SQL; SQLite today."""

SCHEMA_MAJOR = 1
"""Stands in the database's file name: environments with other major versions use other files."""
