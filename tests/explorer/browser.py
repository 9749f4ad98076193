"""A headless Chromium that looks at pages."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS: Final = Path(__file__).resolve().parents[2] / ".build" / "explorer"


def find_chromium() -> str:
    """The program of `ZKLINK_CHROMIUM`, or one on the path. Raises FileNotFoundError."""
    named = os.environ.get("ZKLINK_CHROMIUM")
    found = named or next((place for name in NAMES if (place := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError("no chromium on the path: install it, or name one with ZKLINK_CHROMIUM")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: Browser, *, width: int = 1280, theme: Any = "light", has_scripts: bool = True) -> Any:
    """A new page of this width and theme; `failures` of it collects what its console and policy complain about."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        java_script_enabled=has_scripts,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page
