"""Whatever is wrong with the database, Jupyter starts, and the API says what is wrong and what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from headless import jupyter_server

ME = "lakesail/api/v1/me"
SESSIONS = "lakesail/api/v1/workloads/sessions"


def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "broken.db"
    database.write_bytes(b"this is no database" * 1000)
    config = {"LakesailApp": {"database_url": f"sqlite:///{database}"}}
    with jupyter_server(tmp_path, config=config) as server:
        assert server.request("GET", "api").is_success
        answer = server.request("GET", SESSIONS)
        assert answer.status_code == 503
        assert answer.json()["code"] == "UNAVAILABLE"
        assert "database" in answer.json()["message"]
    assert database.read_bytes() == b"this is no database" * 1000


def test_a_database_of_another_program_is_said_with_what_to_do(tmp_path: Path) -> None:
    database = tmp_path / "notes.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE note (text TEXT)")
    config = {"LakesailApp": {"database_url": f"sqlite:///{database}"}}
    with jupyter_server(tmp_path, config=config) as server:
        assert server.request("GET", "api").is_success
        answer = server.request("GET", SESSIONS)
        assert answer.status_code == 503
        assert "another program" in answer.json()["message"]
        assert "c.LakesailApp.database_url" in answer.json()["message"]


def test_a_database_that_is_mended_works_without_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "mended.db"
    database.write_bytes(b"this is no database" * 1000)
    config = {"LakesailApp": {"database_url": f"sqlite:///{database}"}}
    with jupyter_server(tmp_path, config=config) as server:
        assert server.request("GET", SESSIONS).status_code == 503
        database.unlink()
        assert server.request("GET", SESSIONS).json()["total"] == 0
