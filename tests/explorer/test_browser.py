"""The pages in a real browser: accessible in both themes and widths, without complaints, live, and without JavaScript.

The tests that let something happen come last: the scene is that of all tests of this folder.
"""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.explorer.browser import Look, Theme, open_browser
from tests.explorer.busy import USD, Busy
from tests.explorer.site import Site
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.devnet.tokens import BTC, USDC

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def name_page(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"0x([0-9a-f]{6})[0-9a-f]+", r"\1", path)).strip("-") or "home"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages__in_a_browser__accessible_and_no_wider_than_the_window_and_nothing_refused(
    site: Site, busy: Busy, browser: Browser, width: int, theme: Theme
) -> None:
    look = Look(browser, site.url, width, theme)
    for path in busy.list_pages():
        look.go(path)
        assert look.list_violations() == [], path
        assert look.count_overflow() <= 0, path
        look.shoot(name_page(path))
    assert look.complaints == []
    look.close()


def test_pages__without_javascript__say_the_same_and_the_search_box_works(
    site: Site, busy: Busy, browser: Browser
) -> None:
    look = Look(browser, site.url, has_scripts=False)
    for path in busy.list_pages():
        look.go(path)
        expect(look.page.locator("main h1")).to_be_visible()
    look.go("/")
    look.page.get_by_role("searchbox").fill("btc")
    look.page.get_by_role("button", name="Find").click()
    expect(look.page.locator("h1")).to_have_text("BTC")
    assert look.page.url.endswith("/tokens/7")
    look.go("/times")
    assert look.page.locator("table#fills tbody tr").count() >= 2
    look.close()


def test_pages__policy__a_script_of_the_page_does_not_run(site: Site, busy: Busy, browser: Browser) -> None:
    look = Look(browser, site.url)
    look.go("/")
    look.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">')")
    look.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 2'}))"
    )
    look.page.wait_for_timeout(300)
    assert look.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in look.complaints)
    look.close()


def test_pages__with_a_planted_fault__axe_and_the_width_say_so(site: Site, busy: Busy, browser: Browser) -> None:
    look = Look(browser, site.url)
    look.go("/chains")
    look.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=/static/mark.svg>')")
    look.page.evaluate("document.querySelector('main img').width = 2000")
    look.page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    assert [found.partition(":")[0] for found in look.list_violations()] == ["color-contrast", "image-alt"]
    assert look.count_overflow() > 0
    look.close()


def test_keyboard__first_key__reaches_the_content_and_is_seen(site: Site, busy: Busy, browser: Browser) -> None:
    look = Look(browser, site.url)
    look.go("/blocks")
    look.page.keyboard.press("Tab")
    skip = look.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    look.page.keyboard.press("Enter")
    assert look.page.evaluate("document.activeElement.id") == "page"
    look.close()


def test_motion__only_for_those_who_have_not_asked_for_less(site: Site, busy: Busy, browser: Browser) -> None:
    names = {}
    for choice in ("reduce", "no-preference"):
        look = Look(browser, site.url, reduced_motion=choice)
        look.go(f"/transfers/{busy.tx_hash(busy.waiting)}")
        names[choice] = look.page.locator(".now .dot").evaluate("e => getComputedStyle(e).animationName")
        look.close()
    assert names == {"reduce": "none", "no-preference": "breathe"}


def test_tables__on_a_phone__are_cards_with_a_label_for_each_figure(site: Site, busy: Busy, browser: Browser) -> None:
    look = Look(browser, site.url, 390)
    look.go("/blocks")
    cell = look.page.locator("tbody td").first
    assert cell.evaluate("e => getComputedStyle(e).display") == "flex"
    assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"Lane"'
    look.close()


def test_live__a_swap_is_sent_and_arrives__seen_without_asking_again(site: Site, busy: Busy, browser: Browser) -> None:
    scene = site.scene
    home, times = Look(browser, site.url), Look(browser, site.url)
    for look, path in ((home, "/"), (times, "/times")):
        with look.page.expect_response(re.compile("/v1/events")):
            look.go(path)
        look.page.evaluate("window.isTheSame = true")
    expect(times.page.locator("canvas")).to_have_count(2)

    def send() -> str:
        key = scene.pipeline.swap(POLYGON, USDC, 777 * USD, (BSC, BTC))
        scene.read()
        return scene.tx_hash(key)

    tx_hash = site.act(send)
    row = home.page.locator("tr", has_text="777").first
    expect(row).to_contain_text("Seen")
    home.shoot("live-seen")
    one = Look(browser, site.url)
    with one.page.expect_response(re.compile("/v1/events")):
        one.go(f"/transfers/{tx_hash}")
    expect(one.page.locator(".status.big")).to_have_text("Seen")
    site.act(lambda: scene.follow(tx_hash, "arrived"))
    expect(one.page.locator(".status.big")).to_have_text("Arrived")
    expect(one.page.locator(".way .todo, .way .now")).to_have_count(0)
    expect(row).to_contain_text("Arrived")
    expect(times.page.locator("table#fills tbody tr", has_text="polygon").first).to_be_visible()
    expect(times.page.locator("canvas")).to_have_count(2)
    assert [look.page.evaluate("window.isTheSame") for look in (home, times)] == [True, True]
    one.shoot("live-arrived")
    for look in (home, times, one):
        assert look.complaints == []
        look.close()


def test_live__a_transaction_that_no_chain_has_shown__appears_when_one_does(
    site: Site, busy: Busy, browser: Browser
) -> None:
    scene, look = site.scene, Look(browser, site.url)
    key = site.act(lambda: scene.pipeline.swap(POLYGON, USDC, 555 * USD, (BSC, BTC)))
    with look.page.expect_response(re.compile("/v1/events")):
        look.go(f"/transfers/{scene.tx_hash(key)}")
    expect(look.page.locator("h1")).to_have_text("No chain has shown this transaction yet")
    site.act(scene.read)
    expect(look.page.locator(".status.big")).to_have_text("Seen")
    site.act(lambda: scene.follow(scene.tx_hash(key), "arrived"))
    expect(look.page.locator(".status.big")).to_have_text("Arrived")
    assert look.complaints == []
    look.close()


def test_live__part_for_streams_arrives_late__the_stream_is_opened_all_the_same(
    site: Site, busy: Busy, browser: Browser
) -> None:
    look = Look(browser, site.url)

    def delay(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    look.page.route("**/hx-sse.min.js*", delay)
    with look.page.expect_response(re.compile("/v1/events")):
        look.go("/")
    assert look.complaints == []
    look.close()


def test_live__stream_is_refused__the_page_asks_for_itself_now_and_then(
    site: Site, busy: Busy, browser: Browser
) -> None:
    scene, look = site.scene, Look(browser, site.url)
    look.page.route("**/v1/events*", lambda route: route.fulfill(status=429, body="{}"))
    key = site.act(lambda: scene.pipeline.swap(POLYGON, USDC, 556 * USD, (BSC, BTC)))
    with look.page.expect_response(re.compile("/v1/events")):
        look.go(f"/transfers/{scene.tx_hash(key)}")
    expect(look.page.locator("h1")).to_have_text("No chain has shown this transaction yet")
    site.act(scene.read)
    expect(look.page.locator(".status.big")).to_have_text("Seen")
    look.close()
