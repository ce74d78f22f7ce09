"""A notebook's engine has the environment of its kernel: %env, os.environ and the kernelspec's env reach it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless import JupyterServer, jupyter_server
from headless_kernel import Kernel

from .notebooks import API, connect_on_workload, eventually, processes_of, session_of

SECRET = "s3cr3t-of-the-notebook-0451"
KERNELSPEC_SECRET = "s3cr3t-of-the-kernelspec-0452"
READS_ENVIRONMENT = """
import os, sys
from pyspark.sql.functions import lit, udf
from pyspark.sql.types import StringType
@udf(StringType())
def variable(name):
    import os
    return os.environ.get(name, 'absent')
def in_engine(name, session=None):
    return (session or spark).range(1).select(variable(lit(name))).first()[0]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    directory = home / "data" / "kernels" / "with-env"
    directory.mkdir(parents=True)
    (home / "modules").mkdir()
    (home / "modules" / "beside_nothing.py").write_text("ANSWER = 42\n")
    spec = {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "with env",
        "language": "python",
        "env": {"FROM_KERNELSPEC": KERNELSPEC_SECRET, "PYTHONPATH": str(home / "modules")},
    }
    (directory / "kernel.json").write_text(json.dumps(spec))
    return home


@pytest.fixture(scope="module")
def server(root: Path, home: Path) -> Iterator[JupyterServer]:
    (root / "elsewhere").mkdir()
    with jupyter_server(root, home=home, env={"OF_THE_SERVER": "yes"}) as running:
        yield running


@pytest.fixture(scope="module")
def kernel(server: JupyterServer) -> Iterator[Kernel]:
    started = server.start_kernel("own.ipynb", "with-env")
    started.execute(READS_ENVIRONMENT)
    yield started
    started.shutdown()


def all_files(directory: Path) -> Iterator[tuple[Path, bytes]]:
    for path in directory.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_what_the_kernel_has_reaches_functions_and_what_it_removed_does_not(
    server: JupyterServer, kernel: Kernel, root: Path, home: Path
) -> None:
    kernel.execute(f"%env OWN_TOKEN={SECRET}\nos.environ['TZ'] = 'Europe/Paris'\ndel os.environ['OF_THE_SERVER']")
    odd = {"LINES_OF_TEXT": "a\nb\n", "EMPTY": "", "dotted.name-1": "Grüße, Welt = ok", "with space": "s"}
    kernel.execute(f"os.environ.update({odd!r})\nos.environ['PYTHONPATH'] += ':beside it'")
    (root / "beside it").mkdir()
    (root / "beside it" / "relative_to_the_notebook.py").write_text("ANSWER = 43\n")
    kernel.execute("%sail connect")
    assert kernel.execute(f"{{name: in_engine(name) for name in {list(odd)!r}}} == {odd!r}").value == "True"
    names = ("OWN_TOKEN", "FROM_KERNELSPEC", "TZ", "OF_THE_SERVER", "JPY_PARENT_PID")
    seen = kernel.execute(f"' '.join(in_engine(name) for name in {names!r})").value
    assert seen == repr(f"{SECRET} {KERNELSPEC_SECRET} Europe/Paris absent absent")
    module = "@udf(StringType())\ndef answer(n):\n    import beside_nothing, relative_to_the_notebook as relative\n    "
    module += "return str((beside_nothing.ANSWER, relative.ANSWER))\n"
    assert kernel.execute(f"{module}\nspark.range(1).select(answer('id')).first()[0]").value == "'(42, 43)'"

    session = session_of(server, kernel)
    answers = [
        server.request("GET", f"{API}/{path}").text
        for path in ("workloads/sessions", f"workloads/sessions/{session['id']}", "events?wait=0", "me")
    ]
    fails = (
        "@udf(StringType())\ndef fails(n):\n    import os\n    print(os.environ['OWN_TOKEN'], flush=True)\n    1 / 0\n"
    )
    kernel.execute(f"{fails}\ntry:\n    spark.range(1).select(fails('id')).collect()\nexcept Exception:\n    pass")
    eventually(lambda: "********" in kernel.execute("%sail logs -n 100").text, 10, "the function printed")
    logs = kernel.execute("%sail logs -n 100").text
    files = {path for path, content in all_files(home) if SECRET.encode() in content}
    histories = {path for path in files if path.name.startswith("history.sqlite")}
    assert files == histories, "IPython keeps the cells; no database, log or file of the server has the value"
    assert not any(SECRET in text or KERNELSPEC_SECRET in text for text in (*answers, logs, server.log()))


def test_the_environment_of_a_running_engine_stays_and_the_names_of_what_changed_are_told_once(
    server: JupyterServer, kernel: Kernel
) -> None:
    kernel.execute("%sail connect")
    kernel.execute("%env LATER=changed-value\n%env OWN_TOKEN=another-value")
    told = kernel.execute("%sail connect").text
    assert "changed since: LATER, OWN_TOKEN" in told
    assert "%sail connect --new" in told
    assert "-value" not in told.split("Session", 1)[1]
    assert "LATER" not in kernel.execute("%sail connect").text, "it is said once"
    assert kernel.execute("in_engine('LATER')").value == "'absent'"
    kernel.execute("%sail connect --new")
    assert kernel.execute("in_engine('LATER'), in_engine('OWN_TOKEN')").value == "('changed-value', 'another-value')"
    kernel.execute("%sail close")
    kernel.execute("del os.environ['LATER']")


def test_a_changed_directory_is_told(server: JupyterServer, kernel: Kernel, root: Path) -> None:
    kernel.execute("%sail connect")
    for command in ("%cd elsewhere", "%sail connect", "%sail status"):
        told = kernel.execute(command).text
        assert f"works in {root / 'elsewhere'}" in told
        assert f"in {root}: it looks for relative paths there" in told
    kernel.execute("%cd ..")
    assert "relative paths" not in kernel.execute("%sail status").text
    removed = kernel.execute("os.mkdir('removed')\nos.chdir('removed')\nos.rmdir(os.getcwd())")
    assert "does not exist any more" in removed.text, "a function may change the directory, too"
    assert "does not exist any more" in kernel.execute("%sail status").text
    assert "is active: connected already" in kernel.execute("%sail connect").text
    kernel.execute(f"os.chdir({str(root)!r})\n%sail close")


def test_readers_use_the_credentials_of_the_kernel(server: JupyterServer, kernel: Kernel) -> None:
    asked: list[str] = []

    class Store(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            self.send_error(403)

        do_HEAD = do_PUT = do_GET

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store) as store:
        threading.Thread(target=store.serve_forever, daemon=True).start()
        variables = {
            "AWS_ACCESS_KEY_ID": "KEYOFTHENOTEBOOK",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT": f"http://127.0.0.1:{store.server_port}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{store.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-west-1",
        }
        kernel.execute(f"os.environ.update({variables!r})\n%sail connect --new")
        kernel.execute("try:\n    spark.read.text('s3://bucket/key').collect()\nexcept Exception as error:\n    pass")
        store.shutdown()
    assert any("Credential=KEYOFTHENOTEBOOK/" in header for header in asked), asked
    kernel.execute("%sail close")
    kernel.execute(f"for name in {list(variables)!r}:\n    del os.environ[name]")


def test_an_environment_that_differs_in_nothing_of_the_user_finds_the_engine_again(
    server: JupyterServer, kernel: Kernel
) -> None:
    """What Jupyter and the front end set is another in each kernel."""
    kernel.execute("%sail connect --new")
    first = session_of(server, kernel)
    kernel.execute("%env OWN_TOKEN\n%env COLUMNS=61\n%env JPY_SESSION_NAME=other.ipynb")
    given = connect_on_workload(server, kernel, first["workloadId"])
    kernel.execute("%sail close")
    kernel.execute("%env OWN_TOKEN=third-value\n%sail connect")
    assert session_of(server, kernel)["workloadId"] not in given
    kernel.execute("%sail close")


def test_a_relaunch_without_a_kernel_uses_the_environment_of_before(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%env KEPT=kept-for-the-relaunch\n%sail connect --new")
    session = session_of(server, kernel)
    kernel.execute("%sail close\ndel os.environ['KEPT']")
    made = server.request("POST", f"{API}/workloads/sessions/{session['id']}/relaunch").json()

    def environments() -> list[dict[str, str]]:
        found = [engine.environ() for engine in processes_of(server, "lakesail_notebook.engine")]
        return [one for one in found if made["workloadId"] in one.get("SAIL_RUNTIME__TEMPORARY_FILES__PATHS", "")]

    [environment] = eventually(environments, 20, "the engine runs")
    assert environment["KEPT"] == "kept-for-the-relaunch"
    server.request("DELETE", f"{API}/workloads/sessions/{made['id']}")


def test_an_environment_that_is_too_large_starts_nothing_and_is_named(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("%sail close")
    before = server.request("GET", f"{API}/workloads/sessions").json()["total"]
    kernel.execute("os.environ['HUGE'], os.environ['SMALL'] = 'x' * 49_000, 'y'")
    said = kernel.execute(
        "try:\n    import lakesail_notebook; lakesail_notebook.connect()\nexcept Exception as e:\n    print(e)"
    )
    assert "too large for its engine: HUGE must go" in said.text
    assert "del os.environ['HUGE']" in said.text
    assert "SMALL" not in said.text
    assert server.request("GET", f"{API}/workloads/sessions").json()["total"] == before
    kernel.execute("del os.environ['HUGE']")


def test_without_pysail_it_is_said_before_anything_is_started(server: JupyterServer, kernel: Kernel) -> None:
    kernel.execute("sys.modules['pysail'] = None")  # as in an environment that has none
    said = kernel.execute("%sail connect --new").text
    assert said.index("pysail is not installed in this Python") < said.index("Session ")
    assert kernel.execute("spark.range(3).count()").value == "3"
    kernel.execute("%sail close\ndel sys.modules['pysail']")
