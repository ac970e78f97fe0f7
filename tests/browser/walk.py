"""A walk over many pages at once: one browser on a thread of its own, a context for each person, several tabs each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from .conftest import AXE, CHROMIUM, FLAGS, NARROW, OVERFLOW, PATIENCE_MS, WIDE
from .words import SHOWN, strange

TABS = 2
"""Open pages for each person; two languages walk side by side, so four pages are in flight."""

LOOKS = {"zh": ("light", WIDE), "en": ("dark", NARROW)}
"""How each language is looked at by axe-core; together they see both themes and both widths."""

AXE_RUN = """async () => (await axe.run({resultTypes: ['violations'], preload: false})).violations
    .filter(found => found.impact === 'serious' || found.impact === 'critical')
    .map(found => [found.id, found.nodes[0].html.slice(0, 160)])"""
LINKS = "all => all.map(link => link.getAttribute('href'))"
SETTLED = """async () => {
    const frame = () => new Promise(done => requestAnimationFrame(done));
    await frame();
    await frame();
    const moving = document.getAnimations().filter(one => one instanceof CSSTransition);
    await Promise.allSettled(moving.map(one => one.finished));
}"""

Result = TypeVar("Result")


@dataclass
class Walked:
    """What one person saw. paths: every page opened; faults: what was wrong with them."""

    paths: list[str] = field(default_factory=list)
    faults: list[tuple[Any, ...]] = field(default_factory=list)


class Walker:
    """Opens pages and looks at each. Playwright lives on a thread, so that other tests may use its plain interface."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password = url, password
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._playwright = self._do(async_playwright().start())
        self._browser: Browser = self._do(
            self._playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*FLAGS, "--blink-settings=imagesEnabled=false"]
            )
        )

    def close(self) -> None:
        self._do(self._browser.close())
        self._do(self._playwright.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def walk(self, role: str, more: dict[str, list[str]], quoting: set[str]) -> dict[str, Walked]:
        """Open what the navigation names, and more, in each language. quoting: pages whose words do not count."""

        async def both() -> list[Walked]:
            return await asyncio.gather(*(self._walk(role, one, more[one], quoting) for one in LOOKS))

        return dict(zip(LOOKS, self._do(both()), strict=True))

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _walk(self, role: str, language: str, more: list[str], quoting: set[str]) -> Walked:
        theme, width = LOOKS[language]
        context = await self._browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme=theme,
            reduced_motion="reduce",
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            service_workers="block",
        )
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(path=AXE)
        walked = Walked()
        named = await self._sign_in(context, f"{role}.{language}")
        walked.paths = list(dict.fromkeys([*named, *more]))
        waiting = list(reversed(walked.paths))

        async def one_tab() -> None:
            tab = Tab(await context.new_page(), self.url, language, width)
            while waiting:
                path = waiting.pop()
                walked.faults += [(path, *fault) for fault in await tab.look_at(path, path in quoting)]

        await asyncio.gather(*(one_tab() for _ in range(TABS)))
        await context.close()
        return walked

    async def _sign_in(self, context: BrowserContext, username: str) -> list[str]:
        """Returns the paths the navigation names."""
        page = await context.new_page()
        await page.goto(f"{self.url}/sign-in/")
        await page.fill("input[name=username]", username)
        await page.fill("input[name=password]", self.password)
        await page.click("form button[type=submit].btn-primary")
        await page.wait_for_url(lambda url: "/sign-in/" not in url)
        links = await page.eval_on_selector_all("nav a[href]", LINKS)
        await page.close()
        return [link.split("#")[0] for link in links if link.startswith("/")]


class Tab:
    """A tab that looks at one page after another."""

    def __init__(self, page: Page, url: str, language: str, width: int) -> None:
        self.page, self.url, self.language, self.width = page, url, language, width
        self.other = NARROW if width == WIDE else WIDE
        self.complaints: list[tuple[str, str]] = []
        page.on("console", lambda m: self._complain(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("response", lambda r: self._complain(f"{r.status} {r.url}") if r.status >= 500 else None)

    def _complain(self, text: str) -> None:
        self.complaints.append(("complaint", text))

    async def look_at(self, path: str, quotes: bool) -> list[tuple[Any, ...]]:
        """What is wrong with a page: status, console, axe-core, words, and what sticks out at either width."""
        self.complaints = []
        answer = await self.page.goto(self.url + path, wait_until="load")
        if answer is None or answer.status != 200:
            return [("status", answer and answer.status)]
        faults: list[tuple[Any, ...]] = [tuple(found) for found in await self.page.evaluate(AXE_RUN)]
        if not quotes:
            found = strange(await self.page.evaluate(SHOWN), self.language)
            faults += [("words", sorted(found)[:8])] if found else []
        faults += await self._overflow(self.width)
        await self.page.set_viewport_size({"width": self.other, "height": 860})
        await self.page.evaluate(SETTLED)
        faults += await self._overflow(self.other)
        await self.page.set_viewport_size({"width": self.width, "height": 860})
        return faults + self.complaints

    async def _overflow(self, width: int) -> list[tuple[Any, ...]]:
        return [("overflow", width, html) for html in await self.page.evaluate(OVERFLOW)]
