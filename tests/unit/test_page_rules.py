"""What passes between a browser and the app of a marimo session, as rules without a network."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesail_notebook.http_proxy import headers
from lakesail_notebook.http_proxy.activity import RunningCells, by_a_person
from lakesail_notebook.http_proxy.isolation import headers_for
from lakesail_notebook.http_proxy.paths import leaves_its_root, place_of_redirect, without_credentials

ROOT = "/base/lakesail/marimo/S1"
HOST = "localhost:8888"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "api",
        "/../OTHER/",
        "/a/../../OTHER/",
        "/./a",
        "//evil.example/",
        "/a//b",
        "/%2e%2e/OTHER/",
        "/.%2e/OTHER/",
        "/..%2fOTHER/",
        "/..%5cOTHER/",
        "/%252e%252e/OTHER/",
        "/%25252e%25252e%25252fOTHER/",
        "/..\\OTHER/",
        "/a%00b",
        "/a\r\nb",
        "http://evil.example/",
    ],
)
def test_a_path_that_leaves_its_page_is_refused(path: str) -> None:
    assert leaves_its_root(path)


@pytest.mark.parametrize("path", ["/", "/ws", "/@file/12-my%20file.csv", "/assets/index-s-M1OXjs.js", "/public/a..b"])
def test_a_path_of_the_page_passes(path: str) -> None:
    assert not leaves_its_root(path)


@given(st.lists(st.sampled_from(["..", ".", "a", "b c", "é"]), min_size=1, max_size=5), st.integers(0, 4))
def test_no_number_of_encodings_hides_a_step_upwards(parts: list[str], times: int) -> None:
    path = "/" + "/".join(parts)
    for _ in range(times):
        path = quote(path, safe="/").replace(".", "%2E")
    assert leaves_its_root(path) == (not {".", ".."}.isdisjoint(parts))


def test_credentials_in_a_query_are_taken_out_and_everything_else_stays() -> None:
    assert without_credentials("session_id=1&file=a") is None
    assert without_credentials("") is None
    assert without_credentials("token=x&a=1&Access_Token=y&ticket=z&b=") == "a=1&b="
    assert without_credentials("%74oken=x") == ""


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (f"{ROOT}/auth/login?next=%2F", f"{ROOT}/auth/login?next=%2F"),
        (f"http://127.0.0.1:4000{ROOT}/x", f"{ROOT}/x"),
        (f"http://127.0.0.1:4001{ROOT}/x", None),
        (f"https://evil.example{ROOT}/", None),
        (f"//evil.example{ROOT}/", None),
        ("/base/api/contents", None),
        (ROOT, None),
        (f"{ROOT}/../OTHER/", None),
        (f"{ROOT}/%2e%2e/OTHER/", None),
        (f"{ROOT}/\\evil", None),
        ("javascript:alert(1)", None),
        ("http://[bad/", None),
    ],
)
def test_a_redirect_stays_in_its_page_or_is_not_passed_on(location: str, place: str | None) -> None:
    assert place_of_redirect(location, root=ROOT, port=4000) == place


def test_an_app_hears_nothing_of_who_asks() -> None:
    sent = [
        ("Cookie", "username-localhost-8888=secret; lakesail-S1=secret"),
        ("Authorization", "token secret"),
        ("X-XSRFToken", "secret"),
        ("X-Forwarded-User", "ada"),
        ("Remote-User", "ada"),
        ("Origin", "http://localhost:8888"),
        ("Referer", "http://localhost:8888/?token=secret"),
        ("Marimo-Server-Token", "skew"),
        ("Accept", "text/html"),
    ]
    assert headers.to_app(sent, "own") == [
        ("Marimo-Server-Token", "skew"),
        ("Accept", "text/html"),
        ("Authorization", "Bearer own"),
    ]


def test_an_app_says_nothing_that_reaches_beyond_its_page() -> None:
    answered = [
        ("Set-Cookie", "username-localhost-8888=mine; Path=/"),
        ("Service-Worker-Allowed", "/"),
        ("Clear-Site-Data", '"*"'),
        ("Refresh", "0;url=/lab"),
        ("Access-Control-Allow-Origin", "*"),
        ("Content-Security-Policy", "default-src *"),
        ("Content-Type", "text/html"),
        ("ETag", '"1"'),
    ]
    assert headers.to_browser(answered) == [("Content-Type", "text/html"), ("ETag", '"1"')]


def _policy(path: str = "/", host: str = HOST, *, secure: bool = False, root: str = ROOT) -> dict[str, list[str]]:
    policy = headers_for(path, root=root, host=host, secure=secure)["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (directive.split() for directive in policy.split("; "))}


def test_every_way_to_ask_or_to_embed_is_limited_to_the_path_of_the_page() -> None:
    policy = _policy()
    for directive in ("connect-src", "form-action", "base-uri", "manifest-src", "frame-src", "worker-src"):
        places = [source for source in policy[directive] if source not in {"data:", "blob:"}]
        assert places
        assert all(source.endswith(f"://{HOST}{ROOT}/") for source in places), directive
    assert {"child-src", "object-src"} <= set(policy)
    assert {f"ws://{HOST}{ROOT}/", "data:", "blob:"} <= set(policy["connect-src"])
    assert policy["frame-ancestors"] == ["'none'"]
    assert _policy("/@file/1-a.html")["frame-ancestors"] == ["'self'"]


def test_a_page_over_plain_http_from_another_machine_opens_no_windows() -> None:
    assert "sandbox" not in _policy()
    assert "sandbox" not in _policy(host="127.0.0.1:1")
    assert "sandbox" not in _policy(host="hub.example", secure=True)
    assert "allow-popups" not in _policy(host="hub.example")["sandbox"]
    assert "allow-same-origin" in _policy(host="hub.example")["sandbox"]


def test_a_base_url_cannot_end_a_directive() -> None:
    policy = _policy(root="/a;script-src 'none',b/lakesail/marimo/S1")
    assert "script-src" not in policy


def test_a_host_that_a_policy_cannot_name_is_compared_by_the_path_alone() -> None:
    assert f"http://*:8888{ROOT}/" in _policy(host="[::1]:8888")["connect-src"]
    with pytest.raises(ValueError, match="no host"):
        headers_for("/", root=ROOT, host="a b", secure=False)


def test_keys_and_clicks_are_use_and_heartbeats_are_not() -> None:
    assert by_a_person("POST", "/api/kernel/run")
    assert by_a_person("POST", "/api/kernel/save")
    assert not by_a_person("GET", "/api/kernel/run")
    assert not by_a_person("GET", "/api/status")
    assert not by_a_person("POST", "/api/kernel/set_ui_element_value")
    assert not by_a_person("POST", "/api/export/auto_export/html")


def _cell(cell: str, status: str | None, output: str = "") -> str:
    said = "null" if status is None else f'"{status}"'
    data = f'{{"op":"cell-op","cell_id":"{cell}","output":"{output}","status":{said},"timestamp":1.0}}'
    return f'{{"op": "cell-op", "data": {data}}}'


def test_cells_run_from_queued_to_idle() -> None:
    cells = RunningCells()
    assert not cells
    cells.hear(_cell("a", "queued"))
    cells.hear(_cell("b", "running"))
    cells.hear(_cell("a", None, "x" * 100_000))
    cells.hear(_cell("a", "idle"))
    assert cells
    cells.hear(_cell("b", "idle"))
    assert not cells


def test_what_a_cell_shows_is_no_status_of_it() -> None:
    cells = RunningCells()
    cells.hear(_cell("a", None, '\\"status\\":\\"running\\"'))
    cells.hear('{"op": "variables", "data": {"status":"running","cell_id":"a"}}')
    cells.hear(b"\x00\x01")
    assert not cells
