"""The API against its own description: schemathesis makes requests from the document, and holds each answer to it."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from headless import Config, jupyter_server
from schemathesis import Case, CheckContext, CheckFunction, Response
from schemathesis.specs.openapi.checks import positive_data_acceptance, use_after_free

from lakesail_notebook.api.openapi import document_of
from lakesail_notebook.api.operations import IDEMPOTENCY_KEY
from lakesail_notebook.api.routes import CONFIG_PATHS, OPERATIONS, PUBLIC_OPERATIONS

from .conftest import TOKEN

LIVE_SESSIONS = 3
"""Each may be an engine; more are answered 429, which the document knows."""
HEADERS = {"Authorization": f"token {TOKEN}"}
SETTINGS = hypothesis.settings(
    max_examples=20,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)

DOCUMENT = json.loads(document_of(OPERATIONS, PUBLIC_OPERATIONS, "/")())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(path_regex=f"^{CONFIG_PATHS[1]}|/events/ws$")
"""Without the second path of the same operations, which would only take time, and the WebSocket."""
SCHEMA.config.generation.update(allow_x00=False)  # which no schema can tell; tests/server/test_input.py does

JUDGED_BY_THE_SERVER = re.compile(
    r"/marker|/after"  # texts that only this server gives out
    r"|(/config)?/\w+Seconds"  # limits that its administrator set
    r"|/serviceAccountId"  # a session has one owner
    r"|/clusterId|/workloadType|/teamId"  # what it has, and what cannot be changed
    r"|/name|/username|/description|/reason"  # no controls, and not blank
    r"|/environment(/.*)?"  # what a process can be given, and how much of it
    r"|/metadata(/.*)?"  # no keys of ours, and what must exist on this machine
    r"|/config/sail/(extraEnv|libraries|lakesailImageUri|compute/\w+/instanceType)(/.*)?",  # what an engine may have
    re.DOTALL,
)
"""The fields in which a request can follow the document and still be wrong."""


def refusal_of_what_follows_the_document(context: CheckContext, response: Response, case: Case[Any]) -> None:
    """In place of positive_data_acceptance, which knows no field that a schema cannot describe."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 400:
        return
    pointers = [error["pointer"] for error in response.json()["errors"]]
    assert pointers, f"a refusal that names no field: {response.text}"
    for pointer in pointers:
        expected = JUDGED_BY_THE_SERVER.fullmatch(pointer) or isinstance(_found_at(pointer, case.body), float)
        assert expected, f"the document allows what is refused: {response.text}"


def _found_at(pointer: str, body: Any) -> Any:
    """To JSON Schema 5.0 is a whole number too; the API wants one that is written as one."""
    for name in pointer.split("/")[1:]:
        body = body.get(name) if isinstance(body, dict) else None
    return body


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API of a server where a caller's sessions are few."""
    config: Config = {
        "LakesailApp": {"quotas": {"live_sessions_per_member": LIVE_SESSIONS}},
        "LocalBackend": {"linger_seconds": 5},
    }
    with jupyter_server(tmp_path_factory.mktemp("root"), config=config, token=TOKEN) as server:
        yield f"{server.url}lakesail/api/v1"


@SCHEMA.parametrize()
@SETTINGS
def test_every_answer_is_one_that_the_document_tells(root: str, case: Case[Any]) -> None:
    _do_not_wait(case)
    response = case.call_and_validate(
        base_url=root,
        headers=HEADERS,
        additional_checks=[refusal_of_what_follows_the_document],
        excluded_checks=[positive_data_acceptance],
    )
    if response.status_code == 201:
        _undo(root, response)


@pytest.mark.timeout(600)  # some hundred requests
def test_answers_hold_over_what_was_done_before(root: str) -> None:
    scenarios = itertools.count()
    succeeded: Counter[str] = Counter()

    class Scenario(SCHEMA.as_state_machine()):  # type: ignore[misc]
        """Calls that go on with what earlier ones made. It leaves nothing behind: the next finds the same server."""

        def setup(self) -> None:
            self.number = next(scenarios)
            self.made: list[Response] = []

        def get_call_kwargs(self, case: Case[Any]) -> dict[str, Any]:
            return {"base_url": root, "headers": HEADERS}

        def before_call(self, case: Case[Any]) -> None:
            _do_not_wait(case)
            key = case.headers.get(IDEMPOTENCY_KEY)
            if isinstance(key, str) and re.fullmatch(r"[\x21-\x7e]{1,190}", key):  # the server remembers it
                case.headers[IDEMPOTENCY_KEY] = f"{key}-{self.number}"

        def after_call(self, response: Response, case: Case[Any]) -> None:
            if response.status_code < 300:
                succeeded[case.operation.definition.raw["operationId"]] += 1
            if response.status_code == 201:
                self.made.append(response)

        def validate_response(self, response: Response, case: Case[Any], **more: Any) -> None:
            excluded: list[CheckFunction] = [positive_data_acceptance]
            if case.path.startswith("/workloads/sessions"):
                excluded.append(use_after_free)  # a closed session can still be described
            case.validate_response(
                response,
                additional_checks=[refusal_of_what_follows_the_document],
                excluded_checks=excluded,
                headers=HEADERS,
                transport_kwargs={"base_url": root, "headers": HEADERS},
            )

        def teardown(self) -> None:
            for response in self.made:
                _undo(root, response)

    Scenario.run(settings=hypothesis.settings(SETTINGS, max_examples=60))
    # Which calls succeed is for chance and the server's state to say; without these, nothing was gone on with.
    assert succeeded["createSession"]
    assert len(succeeded) >= 4


def _do_not_wait(case: Case[Any]) -> None:
    """A poll for events may wait for a minute, and nothing is to be learnt from it."""
    if case.path == "/events" and str(case.query.get("wait")) in {str(seconds) for seconds in range(1, 61)}:
        case.query["wait"] = 0


def _undo(root: str, response: Response) -> None:
    """Delete what was made; a session token needs no deleting."""
    for location in response.headers.get("location", ()):
        answer = httpx.delete(httpx.URL(root).join(location), headers=HEADERS)
        assert answer.status_code in {204, 404}, answer.text
