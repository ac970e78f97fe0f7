"""A running stack, a browser, and pages that complain: each person signs in once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from running_stack import Stack

import shouyue

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(shouyue.__file__).parent / "web/static/vendor/dev/axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
]
WIDE, NARROW = 1440, 390
PATIENCE_MS = 30_000
"""How long what must come may take on a busy machine; what must come soon has a limit of its own in its test."""
expect.set_options(timeout=PATIENCE_MS)
OVERFLOW = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const scrolls = element => element && element !== document.body
        && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
    const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1);
    const guilty = wide.filter(e => !scrolls(e.parentElement));
    return (guilty.length ? guilty : wide).slice(0, 3).map(e => e.outerHTML.slice(0, 120));
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs them all: a stack and a browser at a time are enough for the machine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"))
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Each file has its own: what one enters is nothing the others would have to expect."""
    with Stack() as running:
        yield running


@pytest.fixture(scope="module")
def signed_in() -> dict[str, Any]:
    """The cookies of people who have signed in, by user name."""
    return {}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Person:
    """Somebody at a browser. page: already signed in; complaints: what the console or the server said."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self._listen(self.page)

    def _listen(self, page: Page) -> None:
        page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "response",
            lambda r: self.complaints.append(f"{r.status} {r.url}") if r.status >= 500 else None,
        )

    def go(self, path: str) -> Page:
        """Open an address of the program."""
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def unexpected(self) -> list[str]:
        """Complaints but those a test has announced."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


@pytest.fixture
def person(browser: Browser, stack: Stack, signed_in: dict[str, Any]) -> Iterator[Callable[..., Person]]:
    """`person("agent.zh", width=390)`: a signed-in browser; any complaint fails the test in the end."""
    opened: list[Person] = []

    def start(username: str, *, width: int = WIDE) -> Person:
        if username not in signed_in:
            signed_in[username] = _sign_in(browser, stack, username)
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            reduced_motion="reduce",
            has_touch=width == NARROW,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            storage_state=signed_in[username],
        )
        somebody = Person(context, stack.url)
        opened.append(somebody)
        return somebody

    yield start
    complaints = [text for somebody in opened for text in somebody.unexpected()]
    for somebody in opened:
        somebody.context.close()
    assert complaints == []


def _sign_in(browser: Browser, stack: Stack, username: str) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", stack.cast["password"])
    page.click("form button[type=submit].btn-primary")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    state = context.storage_state()
    context.close()
    return state


def overflow(page: Page) -> list[str]:
    """The elements that stick out of the page to the right, if the page scrolls sideways at all."""
    return page.evaluate(OVERFLOW)
