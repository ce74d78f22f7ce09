"""Kernels that cannot connect, and notebooks without a kernel, in JupyterLab."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.environments.virtual_environment import new_environment

from .conftest import OpenPage
from .face import Face, button
from .rig import Site, eventually, site, write_notebook

SECONDS = 90
OTHER_LANGUAGE = """
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Other(Kernel):
    implementation = implementation_version = banner = "other"
    language_info = {"name": "R", "mimetype": "text/x-r", "file_extension": ".r"}

    def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **more):
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}


IPKernelApp.launch_instance(kernel_class=Other)
"""


def add_kernelspec(home: Path, name: str, language: str, *command: str) -> None:
    spec = {"argv": [*command, "-f", "{connection_file}"], "display_name": name, "language": language}
    directory = home / "data" / "kernels" / name
    directory.mkdir(parents=True)
    (directory / "kernel.json").write_text(json.dumps(spec))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with two kernels more: Python without our package, and another language."""
    directory = tmp_path_factory.mktemp("lab")
    environment = new_environment(directory / "geo")
    environment.borrow_packages_of_the_tests(without="lakesail")
    other = directory / "other_kernel.py"
    other.write_text(OTHER_LANGUAGE)
    add_kernelspec(directory / "home", "geo", "python", str(environment.python), "-P", "-m", "ipykernel_launcher")
    add_kernelspec(directory / "home", "other", "R", sys.executable, str(other))
    with site(directory) as running:
        yield running
        running.api.clear()


def notebook_on(lab: Site, kernel: str) -> str:
    spec = {"kernelspec": {"display_name": kernel, "language": "", "name": kernel}}
    write_notebook(lab.root / f"{kernel}.ipynb", "# Title", "1", metadata=spec)
    return f"{kernel}.ipynb"


def test_a_python_kernel_without_the_package_is_said_with_the_line_that_installs_it(
    lab: Site, open_page: OpenPage
) -> None:
    page = open_page(lab, notebook_on(lab, "geo"))
    face = Face(page).open_sidebar()
    expect(face.card).to_contain_text('The kernel "geo" has no lakesail-notebook.')
    expect(button(face.card, "Connect")).to_have_count(0)
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.origin)
    button(face.card, "Copy install line").click()
    copied = eventually(
        lambda: page.page.evaluate("() => navigator.clipboard.readText()"), SECONDS, "something is copied"
    )
    assert "lakesail-notebook" in copied
    page.screenshot("lab-kernel-without-package")
    face.toolbar_button.click()
    expect(face.popover).to_contain_text('The kernel "geo" has no lakesail-notebook.')


def test_a_kernel_of_another_language_is_said(lab: Site, open_page: OpenPage) -> None:
    face = Face(open_page(lab, notebook_on(lab, "other"))).open_sidebar()
    expect(face.card).to_contain_text("Spark needs a Python kernel here.")


def test_another_kernel_for_the_same_notebook_connects(lab: Site, open_page: OpenPage) -> None:
    page = open_page(lab, notebook_on(lab, "geo"))
    face = Face(page).open_sidebar()
    expect(face.card).to_contain_text("has no lakesail-notebook")
    page.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.changeKernel({name: 'python3'}).then(() => null)"
    )
    button(face.card, "Connect").click()
    face.connected()
