"""A browser context for each test, which is guarded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from . import fixture_page
from .guard import Guard
from .lab_page import LabPage
from .rig import SCREENS, Site

OpenState = Callable[..., Page]
NewPage = Callable[[Site], LabPage]
OpenPage = Callable[..., LabPage]

_PAGES = pytest.StashKey[list[Page]]()
_NO_PAGES: list[Page] = []


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """Fails the test when a request left the origin of its servers, or when our code raised in the page."""
    guard = Guard()
    yield guard
    guard.check()


@pytest.fixture
def new_context(browser: Browser, guard: Guard) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts, which share no cookie; the guard listens to each."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        guard.watch(context)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        close(context)


def close(context: BrowserContext) -> None:
    """A handler of a route may be at work for a page that is going: Playwright would raise its error in a later one."""
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")
    context.unroute_all(behavior="ignoreErrors")
    context.close()


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    return new_context()


@pytest.fixture
def new_page(request: pytest.FixtureRequest, context: BrowserContext, guard: Guard) -> NewPage:
    """Makes a page for a site, which is still empty: ``new_page(site)``."""
    pages = request.node.stash.setdefault(_PAGES, [])

    def make(site: Site) -> LabPage:
        guard.allow(site.url)
        page = context.new_page()
        pages.append(page)
        return LabPage(page, site)

    return make


@pytest.fixture
def open_page(new_page: NewPage) -> OpenPage:
    """Opens a page on a site: ``open_page(site, "a.ipynb")``. See :meth:`LabPage.open`."""

    def open_one(site: Site, notebook: str | None = None, **options: Any) -> LabPage:
        return new_page(site).open(notebook, **options)

    return open_one


@pytest.fixture(scope="session")
def states_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fixture_page.fixture_page(tmp_path_factory.mktemp("fixtures")) as address:
        yield address


@pytest.fixture
def open_state(context: BrowserContext, guard: Guard, states_address: str) -> OpenState:
    """Opens a state of the page of fixtures: ``open_state("sessions-list", 280)``."""

    def open_it(name: str, width: int = 280) -> Page:
        guard.allow(states_address)
        page = context.new_page()
        fixture_page.open_state(page, states_address, name, width)
        return page

    return open_it


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test leaves pictures of its pages."""
    report = yield
    if report.when == "call" and report.failed:
        SCREENS.mkdir(parents=True, exist_ok=True)
        pages = item.stash.get(_PAGES, _NO_PAGES)
        for number, page in enumerate(pages):
            if not page.is_closed():
                page.screenshot(path=SCREENS / f"failed-{item.name}-{number}.png")
    return report
