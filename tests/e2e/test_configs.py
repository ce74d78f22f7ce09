"""Compute configs in JupyterLab: create, a wrong field, edit, make default, delete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import OpenPage
from .face import Face, button
from .rig import Site, eventually, site, write_notebook

SECONDS = 60


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("lab")) as running:
        write_notebook(running.root / "flights.ipynb", "# Flights", "1")
        yield running


@pytest.fixture
def face(lab: Site, open_page: OpenPage) -> Iterator[Face]:
    yield Face(open_page(lab, "flights.ipynb", kernel=False)).open_sidebar()
    lab.api.close_all_sessions()
    lab.api.delete_all_configs()


def named(lab: Site, name: str) -> dict[str, Any] | None:
    return next((config for config in lab.api.configs() if config["name"] == name), None)


def test_a_config_is_created_in_the_dialog_after_its_wrong_field_is_mended(lab: Site, face: Face) -> None:
    face.sidebar.get_by_title("New compute config").first.click()
    expect(face.form).to_be_visible()
    name, size = (face.form.get_by_label(label, exact=True) for label in ("Name", "Size"))
    expect(name).to_be_focused()
    name.fill("large")
    size.fill("no-such-size")
    button(face.form, "Create").click()
    expect(face.form.get_by_role("alert").first).to_be_visible()
    expect(size).to_be_focused()
    expect(size).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_value("large")
    assert named(lab, "large") is None
    face.lab.screenshot("lab-config-refused")
    size.fill("c8g.large")
    button(face.form, "Create").click()
    expect(face.form).to_have_count(0)
    assert eventually(lambda: named(lab, "large"), SECONDS, "the config is there")
    expect(face.config_row("large")).to_be_visible()


def test_a_config_is_edited_and_sessions_that_run_keep_the_old_version(lab: Site, face: Face) -> None:
    made = lab.api.make_config("small", {"extraEnv": {"REGION": "north"}})
    row = face.config_row("small")
    face.press(row, "Edit")
    name = face.form.get_by_label("Name", exact=True)
    expect(name).to_have_value("small")
    expect(face.form).to_contain_text("Sessions that run keep the old version")
    name.fill("tiny")
    button(face.form, "Save").click()
    expect(face.form).to_have_count(0)
    renamed = eventually(lambda: named(lab, "tiny"), SECONDS, "the config has its new name")
    assert renamed["id"] == made["id"]
    assert renamed["config"]["sail"]["extraEnv"] == {"REGION": "north"}
    expect(face.config_row("tiny")).to_be_visible()


def test_escape_gives_the_form_up_and_nothing_is_made(lab: Site, face: Face) -> None:
    before = lab.api.configs()
    face.sidebar.get_by_title("New compute config").first.click()
    face.form.get_by_label("Name", exact=True).fill("never")
    face.page.keyboard.press("Escape")
    expect(face.form).to_have_count(0)
    assert lab.api.configs() == before


def test_making_a_config_the_default_writes_the_setting_of_this_extension(lab: Site, face: Face) -> None:
    lab.api.make_config("small")
    row = face.config_row("small")
    face.choose_in(row, "Make default")
    plugin = "@lakesail/notebook-labextension:plugin"

    def setting() -> str | None:
        told = lab.api.jupyter("GET", f"lab/api/settings/{plugin}").json()
        return str(told["settings"].get("defaultConfig") or "") or None

    assert eventually(setting, SECONDS, "the setting is written") == "small"
    expect(row).to_contain_text("default")
    lab.api.jupyter("PUT", f"lab/api/settings/{plugin}", {"raw": "{}"})


def test_deleting_a_config_that_is_in_use_asks_with_the_number_of_its_sessions(lab: Site, face: Face) -> None:
    config = lab.api.make_config("small")
    lab.api.post("workloads/sessions", {"name": "weather join", "workloadConfigId": config["id"]})
    row = face.config_row("small")
    face.choose_in(row, "Delete…")
    expect(face.configs).to_contain_text("Delete small? 1 session on it goes on")
    face.lab.screenshot("lab-config-delete")
    face.confirm(face.configs, "Delete")
    eventually(lambda: named(lab, "small") is None, SECONDS, "the config is gone")
    expect(row).to_have_count(0)
