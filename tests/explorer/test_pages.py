"""Every page over HTTP: it answers, its head says what may run in it, and nothing in it does."""

import re
from typing import Final

import pytest

from tests.api.scene import Scene
from zklink.explorer.pages import PAGES
from zklink.explorer.static_files import name_file, read_files

READER: Final = {"accept": "text/html,*/*;q=0.8"}
FIXED: Final = sorted(path for path in PAGES if "{" not in path)


@pytest.mark.parametrize("path", FIXED)
def test_page__of_a_running_system__200_with_the_policy_and_without_inline_code(still: Scene, path: str) -> None:
    response = still.client.get(path, headers=READER)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    check_no_inline_code(response.text)


def check_no_inline_code(text: str) -> None:
    """No script and no style of the page's own, and no attribute that is one."""
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text) == []
    assert re.findall(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text) == []


def test_files_of_a_page__have_the_version_of_their_content_and_never_change(still: Scene) -> None:
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', still.client.get("/").text):
        response = still.client.get(address)
        assert (response.status_code, response.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        assert response.headers["x-content-type-options"] == "nosniff"


def test_file__the_browser_has_it__304(still: Scene) -> None:
    address = name_file("site.css").partition("?")[0]
    first = still.client.get(address)
    assert first.headers["cache-control"] == "no-cache"
    again = still.client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../page.py", "/static/%2e%2e/page.py", "/static/none.css", "/static/"])
def test_file__that_is_none__404(still: Scene, path: str) -> None:
    assert still.client.get(path, headers=READER).status_code == 404


def test_path__nobody_serves__words_for_readers_and_a_refusal_for_programs(still: Scene) -> None:
    page = still.client.get("/nothing/here", headers=READER)
    assert (page.status_code, "There is no page at this address." in page.text) == (404, True)
    assert still.refuse("/nothing/here") == (404, "no_such_method")
    program = still.client.get("/v1/nothing", headers=READER)
    assert program.json()["error"]["code"] == "no_such_method"


def test_page__another_verb__405_in_words(still: Scene) -> None:
    response = still.client.post("/")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert still.client.head("/").status_code == 200


def test_static_files__every_file_of_the_folder__has_a_type() -> None:
    assert {"site.css", "vendor/htmx.min.js"} <= set(read_files())
