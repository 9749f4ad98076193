"""A headless Chromium that looks at pages, and what it must not find there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.explorer.npm import ensure_axe, ensure_chromium

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS: Final = Path(__file__).resolve().parents[2] / ".build" / "explorer"
PATIENCE_MS: Final = 30_000
expect.set_options(timeout=PATIENCE_MS)
MISSING: Final = "the server responded with a status of 404"

OVERFLOW: Final = """
Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll(".card")].map(
  (card) => innerWidth + card.scrollWidth - card.clientWidth))
"""
Theme = Literal["light", "dark"]


def find_chromium() -> tuple[str, dict[str, str]]:
    """(program, environment besides): that of `ZKLINK_CHROMIUM`, or one on the path, or one from npm."""
    named = os.environ.get("ZKLINK_CHROMIUM")
    found = named or next((place for name in NAMES if (place := shutil.which(name))), None)
    return (found, {}) if found else ensure_chromium()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium."""
    program, environment = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"], env={**os.environ, **environment}
        )
        yield browser
        browser.close()


def open_page(
    browser: Browser, *, width: int = 1280, theme: Any = "light", has_scripts: bool = True, **context: Any
) -> Page:
    """A new page of this width and theme, for somebody who wants less motion. Its language is given: where a machine's
    locale is POSIX a browser names one that its own `Intl` refuses.
    """
    options = {"reduced_motion": "reduce", "java_script_enabled": has_scripts, "locale": "en-US", **context}
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options).new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


class Look:
    """A page of the browser, and everything that its console has complained about."""

    def __init__(self, browser: Browser, url: str, width: int = 1280, theme: Theme = "light", **context: Any) -> None:
        self.url, self.width, self.theme = url, width, theme
        self.page = open_page(browser, width=width, theme=theme, **context)
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and MISSING not in text:
            self.complaints.append(text)

    def go(self, path: str) -> None:
        """Open a page of the site; its scripts have run."""
        self.page.goto(self.url + path, wait_until="load")

    def count_overflow(self) -> int:
        """By how many pixels the page is wider than its window, or what a card holds than the card."""
        return int(self.page.evaluate(OVERFLOW)) - self.width

    def list_violations(self) -> list[str]:
        """What axe-core finds wrong, with the first element of each."""
        self.page.evaluate(f"{ensure_axe()}; undefined")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]]

    def shoot(self, name: str) -> None:
        """Keep what it looks like below `.build/explorer`, for people."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SCREENSHOTS / f"{name}-{self.width}-{self.theme}.png"), full_page=True)

    def close(self) -> None:
        self.page.context.close()
