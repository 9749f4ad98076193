"""Every page over HTTP: it answers, escapes what comes from outside, and nothing runs that stands in it."""

import re
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest
from starlette.routing import compile_path
from starlette.testclient import TestClient

from tests.api.scene import GENEROUS, Scene
from tests.explorer.busy import HOSTILE, Busy
from zklink.api.answers.chains import describe_chain
from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.live_view import LiveView
from zklink.explorer import page as page_module
from zklink.explorer.pages import PAGES, TIMED_PAGES, build_pages
from zklink.history.feed import Topic
from zklink.history.memory import MemoryHistory
from zklink.protocol.ids import BlockNumber
from zklink.schema.api.chains import ChainInfo

READER: Final = {"accept": "text/html,*/*;q=0.8"}
FIXED: Final = sorted(path for path in (*PAGES, *TIMED_PAGES) if "{" not in path)
NONE: Final = "0x" + "ab" * 32


def check_no_inline_code(text: str) -> None:
    """No script and no style of the page's own, and no attribute that is one."""
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", text) == []
    assert re.findall(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:", text) == []


def find_links(text: str) -> set[str]:
    return {link.partition("#")[0] for link in re.findall(r'href="(/[^"]*)"', text)}


def test_pages__of_a_busy_system__answer_escaped_with_the_policy_and_one_heading(busy: Busy) -> None:
    shown = 0
    for path in busy.list_pages():
        response = busy.scene.client.get(path, headers=READER)
        assert response.status_code == (404 if path == "/search?q=nothing" else 200), path
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]
        assert HOSTILE not in response.text, path
        assert response.text.count("<h1>") == 1, path
        check_no_inline_code(response.text)
        shown += "&lt;script&gt;" in response.text
    assert shown >= 10


def test_pages__every_one_of_the_table__is_among_those_looked_at(busy: Busy) -> None:
    looked_at = [path.partition("?")[0] for path in busy.list_pages()]
    for path in (*PAGES, *TIMED_PAGES):
        pattern, _, _ = compile_path(path)
        assert any(pattern.match(one) for one in looked_at), path


def test_pages__every_link_of_theirs__leads_somewhere(busy: Busy) -> None:
    found = {link for path in busy.list_pages() for link in find_links(busy.scene.client.get(path).text)}
    assert len(found) > 40
    for link in found:
        assert busy.scene.client.get(link, headers=READER).status_code == 200, link


def test_pages__nothing_has_happened_and_no_chain_has_answered__200_and_say_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.pipeline.node._known, "asked", set())
    empty = replace(scene.sources, history=MemoryHistory(bytes(32)), live=LiveView())
    with TestClient(build_app(empty, InlineDesk(), GENEROUS, pages=build_pages)) as client:
        for path in FIXED:
            response = client.get(path, headers=READER)
            assert response.status_code == 200, response.text
            check_no_inline_code(response.text)
            if path in ("/", "/pools", "/tokens"):
                assert re.search("does not say yet", response.text)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/blocks/999999", "there is no block 999999"),
        ("/accounts/4294967295", "there is no account 4294967295"),
        ("/requests/9-9", "No chain has confirmed a swap 9-9."),
        ("/requests/<b>", "No chain has confirmed a swap &lt;b&gt;."),
        (f"/operations/{NONE}", "This node has not seen an operation of that id."),
        (f"/transfers/{NONE}", "No chain has shown this transaction yet"),
        ("/tokens/99", "There is no token 99."),
        ("/nothing/here", "There is no page at this address."),
    ],
)
def test_page__of_something_that_is_not_there__404_in_words(scene: Scene, path: str, words: str) -> None:
    response = scene.client.get(path, headers=READER)
    assert (response.status_code, words in response.text) == (404, True), response.text


@pytest.mark.parametrize("path", ["/blocks/x", "/blocks/-1", "/accounts/x", "/operations/0x", "/transfers/0xzz"])
def test_page__of_no_possible_id__400_in_words(scene: Scene, path: str) -> None:
    response = scene.client.get(path, headers=READER)
    assert (response.status_code, "That does not look right" in response.text) == (400, True)


def test_path__nobody_serves__is_a_refusal_for_programs(scene: Scene) -> None:
    assert scene.refuse("/nothing/here") == (404, "no_such_method")
    program = scene.client.get("/v1/nothing", headers=READER)
    assert program.json()["error"]["code"] == "no_such_method"


def test_page__another_verb__405_in_words(scene: Scene) -> None:
    response = scene.client.post("/")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert scene.client.head("/").status_code == 200


def test_page__allowance_used_up__429_in_words_with_the_seconds_to_wait(scene: Scene) -> None:
    limits = replace(GENEROUS, allowance=10, allowance_per_second=1)
    with TestClient(build_app(scene.sources, InlineDesk(), limits, pages=build_pages)) as client:
        responses = [client.get("/trust", headers=READER) for _ in range(5)]
    assert responses[0].status_code == 200
    assert (responses[-1].status_code, "Too many questions" in responses[-1].text) == (429, True)
    assert int(responses[-1].headers["retry-after"]) >= 1


def test_page__a_mistake_of_this_program__503_in_words_and_no_trace(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(ask: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(page_module, "load_naming", fail)
    response = scene.client.get("/chains", headers=READER)
    assert (response.status_code, "a secret" in response.text) == (503, False)
    assert "This page cannot be shown" in response.text


def test_blocks__more_than_a_page__the_rest_is_behind_a_link(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zklink.explorer.views.blocks.PAGE", 5)
    first = busy.scene.client.get("/blocks").text
    (link,) = re.findall(r'href="(/blocks\?cursor=[^"]+)"', first)
    second = busy.scene.client.get(link).text
    numbers = [[int(n) for n in re.findall(r'href="/blocks/(\d+)"', text)] for text in (first, second)]
    assert numbers[0] == list(range(numbers[0][0], numbers[0][0] - 5, -1))
    assert numbers[1][0] == numbers[0][-1] - 1


def test_page__its_stream__begins_where_the_page_was_made(busy: Busy) -> None:
    text = busy.scene.client.get("/blocks").text
    (stream,) = re.findall(r'hx-sse:connect="([^"]+)"', text)
    stream = stream.replace("&amp;", "&")
    feed = busy.scene.sources.history.feed
    number = feed.last_number
    assert number > 0 and stream == f"/v1/events?topics=blocks&after={feed.run}-{number}"
    feed.tell(Topic.BLOCKS, BlockNumber(17))
    lines = busy.scene.stream(stream, {}, 1)
    assert f"id: {feed.run}-{number + 1}" in lines and "event: blocks" in lines


def test_pages__a_solana_chain__says_finalized_and_how_long_that_takes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its profile has one confirmation, which nobody counts there."""

    def describe(*asked: Any) -> ChainInfo:
        found = describe_chain(*asked)
        if found.name != "polygon":
            return found
        return msgspec.structs.replace(found, address_format=2, confirmations=1, block_time_ms=400)

    monkeypatch.setattr("zklink.api.answers.chains.describe_chain", describe)
    pages = {path: scene.client.get(path, headers=READER).text for path in ("/chains", "/trust")}
    assert (
        "finalized, with a slot every 0.4 s" in pages["/chains"] and pages["/chains"].count("with a block every") == 3
    )
    [row] = [row for row in pages["/trust"].split("<tr>") if "polygon" in row and 'data-label="Takes"' in row]
    assert ">finalized</td>" in row and "about 13 s" in row
    assert pages["/trust"].count(">finalized</td>") == 1
