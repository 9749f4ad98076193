"""Swaps from Solana and to it on the swap page in a real browser: by the test wallets, and by a person's own."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect
from solders.pubkey import Pubkey

from tests.api.scene import Scene
from tests.explorer.browser import SCREENSHOTS, open_browser
from tests.explorer.site import Site
from tests.support.chains import send_deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SolanaStar, open_star, swap_away
from tests.support.solana.star_pipeline import StarPipeline, open_pipeline
from tests.swap_page.standard_wallet import NAME, StandardWallet
from tests.swap_page.test_browser import TEST_WALLET, Opened, _look
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.solana.client.program import Program

pytestmark = pytest.mark.slow

SOLANA_WALLET: Final = "Test wallet of Solana: its key is public, for local chains only"
USD: Final = 10**6
HERE, THERE = "USDC on solana", "USDC on polygon"
OWNER: Final = key_of("depositor")
PERSON: Final = key_of("person")
KEEP_STEPS: Final = """
window.shownSteps = "";
const steps = document.getElementById("steps");
new MutationObserver(() => (window.shownSteps += steps.textContent)).observe(steps, { childList: true, subtree: true });
"""
"""Keeps what the steps have shown, however shortly."""
SECONDS: Final = 60
"""What lets the node try again to pay what waits."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def solana_site() -> Iterator[Site]:
    """A devnet's node on two EVM chains and Solana, each with a reserve of dollars."""
    with open_star() as star:
        pipeline = open_pipeline(star)
        for key in (OWNER, PERSON):
            own(star, key.pubkey(), 10_000 * USD)
        send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=star.world.roles.provider)
        scene = Scene(pipeline)
        scene.sources = replace(scene.sources, is_devnet=True)
        pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
        swap_away(star, 1_000 * USD)
        pipeline.finish(1)
        site = Site(scene)
        with scene.serve(), site.run():
            yield site
        pipeline.node.close()


def own(star: SolanaStar, owner: Pubkey, amount: int) -> None:
    """Dollars for somebody on Solana, and SOL."""
    star.site.machine.fund(owner)
    star.site.mint_to(star.site.mints[USDC], star.site.make_holding(owner, star.site.mints[USDC]), amount)


def star_of(site: Site) -> SolanaStar:
    system = site.scene.pipeline.system
    assert isinstance(system, SolanaStar)
    return system


def dollars(site: Site, owner: Pubkey) -> int:
    """What somebody on Solana has."""
    return site.act(lambda: star_of(site).site.balance(USDC, owner))


def press(page: Page, wallet: str) -> None:
    page.get_by_role("button", name=wallet, exact=True).click()


def send(opened: Opened) -> str:
    """Send the swap, until the page has its name."""
    opened.page.locator("#send:enabled").click()
    opened.wait(lambda: opened.page.is_visible("#watch") or bool(opened.page.inner_text("#trouble").strip()))
    assert opened.page.inner_text("#trouble").strip() == ""
    return opened.page.url.partition("tx=")[2]


def finish(opened: Opened) -> None:
    opened.wait(lambda: "This is final" in opened.page.inner_text("#watch-now"))


@pytest.mark.parametrize("width", [1280, 390])
def test_test_wallets__a_swap_from_solana__arrives_and_is_found_by_its_signature(
    solana_site: Site, browser: Browser, width: int
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened = Opened(solana_site, browser, width=width)
    before, page = dollars(solana_site, OWNER.pubkey()), opened.open()
    opened.fill("100", HERE, THERE)
    press(page, SOLANA_WALLET)
    expect(page.locator("#account")).to_contain_text(str(OWNER.pubkey()))
    press(page, TEST_WALLET)
    _look(page, SCREENSHOTS / f"swap-from-solana-{width}-ready.png")
    signature = send(opened)
    assert len(signature) > 80 and dollars(solana_site, OWNER.pubkey()) == before - 100 * USD
    finish(opened)
    depositor = solana_site.scene.pipeline.system.world.roles.depositor.address
    assert re.search(rf"Arrived\n.*\n*100 USDC for {depositor}", page.inner_text("#timeline"), re.IGNORECASE)
    _look(page, SCREENSHOTS / f"swap-from-solana-{width}-arrived.png")
    page.reload()
    expect(page.locator("#watch-now")).to_contain_text("This is final")
    page.locator("#watch-more").click()
    expect(page.locator("main")).to_contain_text(str(OWNER.pubkey()))
    _look(page, SCREENSHOTS / f"transfer-from-solana-{width}.png")
    for text in (signature, str(OWNER.pubkey()), str(star_of(solana_site).site.mints[USDC])):
        page.goto(f"{solana_site.url}/search?q={text}")
        assert "/search" not in page.url
    assert opened.complaints == []


@pytest.mark.parametrize("width", [1280, 390])
def test_test_wallets__a_swap_to_solana__arrives_at_the_connected_account(
    solana_site: Site, browser: Browser, width: int
) -> None:
    opened = Opened(solana_site, browser, width=width)
    before, page = dollars(solana_site, OWNER.pubkey()), opened.open()
    opened.fill("50", THERE, HERE)
    press(page, TEST_WALLET)
    press(page, SOLANA_WALLET)
    send(opened)
    assert "there: " in page.inner_text("#steps")
    finish(opened)
    assert dollars(solana_site, OWNER.pubkey()) == before + 50 * USD
    assert f"50 USDC for {OWNER.pubkey()}" in page.inner_text("#timeline")
    _look(page, SCREENSHOTS / f"swap-to-solana-{width}-arrived.png")
    assert opened.complaints == []


def test_recipient__without_an_account__is_made_one_by_the_connected_wallet(
    solana_site: Site, browser: Browser
) -> None:
    opened, poor = Opened(solana_site, browser), key_of("made by the page").pubkey()
    wallet = StandardWallet(opened.page, PERSON)
    page = opened.open()
    opened.fill("20", THERE, HERE)
    page.fill("#recipient", str(poor))
    press(page, TEST_WALLET)
    press(page, f"{NAME} (Solana)")
    send(opened)
    assert len(wallet.signed) == 1 and "made: " in page.inner_text("#steps")
    finish(opened)
    assert dollars(solana_site, poor) == 20 * USD
    assert opened.complaints == []


def test_recipient__without_an_account_and_nobody_to_make_it__is_told_that_it_waits(
    solana_site: Site, browser: Browser
) -> None:
    opened, poor = Opened(solana_site, browser), key_of("waits for an account").pubkey()
    page = opened.open()
    opened.fill("20", THERE, HERE)
    page.fill("#recipient", str(poor))
    press(page, TEST_WALLET)
    send(opened)
    assert "not there yet: USDC is paid once somebody has made it" in page.inner_text("#steps")
    opened.wait(lambda: "Due: it waits for the recipient's account" in page.inner_text("#timeline"))
    _look(page, SCREENSHOTS / "swap-to-solana-due.png")
    star, pipeline = star_of(solana_site), solana_site.scene.pipeline
    assert isinstance(pipeline, StarPipeline)
    solana_site.act(lambda: star.site.make_holding(poor, star.site.mints[USDC]))
    pipeline.clock.now += SECONDS
    finish(opened)
    assert dollars(solana_site, poor) == 20 * USD


@pytest.mark.parametrize(
    ("get", "text", "words"),
    [
        (HERE, "0x" + "ab" * 20, "an address of an EVM chain, with 20 bytes"),
        (HERE, "0x" + "00" * 12 + "ab" * 20, "The recipient is nobody on solana"),
        (HERE, "not0base58", "32 to 44 letters and digits in base58"),
        (HERE, str(OWNER.pubkey())[:-4], "32 to 44 letters and digits in base58"),
        (HERE, "", "Write whom it is for: an address on solana"),
        (HERE, "BRIDGE", "The recipient is the bridge itself"),
        (HERE, "BRIDGE IN HEX", "The recipient is the bridge itself"),
        (THERE, str(OWNER.pubkey()), "That is an address of Solana"),
    ],
)
def test_recipient__that_nobody_there_has__is_refused_before_anything_is_signed(
    solana_site: Site, browser: Browser, get: str, text: str, words: str
) -> None:
    opened = Opened(solana_site, browser)
    page = opened.open()
    opened.fill("5", THERE if get == HERE else HERE, get)
    bridge = star_of(solana_site).site.bridge
    page.fill("#recipient", {"BRIDGE": str(bridge), "BRIDGE IN HEX": f"0x{bytes(bridge).hex()}"}.get(text, text))
    press(page, TEST_WALLET if get == HERE else SOLANA_WALLET)
    page.locator("#send:enabled").click()
    assert words in opened.wait_for_trouble()
    assert not page.is_visible("#watch")


@pytest.mark.parametrize("width", [1280, 390])
def test_recipient__that_is_nobodys_key__is_warned_of(solana_site: Site, browser: Browser, width: int) -> None:
    opened, star = Opened(solana_site, browser, width=width), star_of(solana_site)
    page = opened.open()
    opened.fill("5", THERE, HERE)
    warning = page.locator("#recipient-warning")
    expect(warning).to_be_hidden()
    page.fill("#recipient", str(star.site.make_holding(PERSON.pubkey(), star.site.mints[USDC])))
    expect(warning).to_contain_text("No wallet has a key for this address")
    _look(page, SCREENSHOTS / f"swap-to-solana-warned-{width}.png")
    page.fill("#recipient", str(PERSON.pubkey()))
    expect(warning).to_be_hidden()
    assert opened.complaints == []


def test_own_wallet__that_sends_itself__swaps_once(solana_site: Site, browser: Browser) -> None:
    opened, star = Opened(solana_site, browser), star_of(solana_site)
    chain = star.site.machine.chain  # type: ignore[attr-defined]
    wallet = StandardWallet(opened.page, PERSON, lambda wire: solana_site.act(lambda: chain.send(wire)))
    before, page = dollars(solana_site, PERSON.pubkey()), opened.open()
    opened.fill("30", HERE, THERE)
    page.fill("#recipient", star.world.roles.recipient.address)
    press(page, f"{NAME} (Solana)")
    page.evaluate(KEEP_STEPS)
    send(opened)
    assert re.search(
        rf"It has to show that it calls {star.site.id}, and that no more leaves you than 30 USDC and 0\.\d+ SOL",
        page.evaluate("shownSteps"),
    )
    [question] = [each for each in wallet.asked if "transaction" in each]
    assert question["chain"] == "solana:localnet"
    assert dollars(solana_site, PERSON.pubkey()) == before - 30 * USD
    finish(opened)
    page.evaluate("leaveStandard()")
    expect(page.locator("#send")).to_be_disabled()
    assert opened.complaints == []


@pytest.mark.parametrize("feature", ["standard:connect", "solana:signTransaction"])
def test_own_wallet__that_declines__nothing_is_sent(solana_site: Site, browser: Browser, feature: str) -> None:
    opened = Opened(solana_site, browser)
    wallet = StandardWallet(opened.page, PERSON)
    wallet.refuses = {feature: "declined"}
    before, page = dollars(solana_site, PERSON.pubkey()), opened.open()
    opened.fill("30", HERE, THERE)
    page.fill("#recipient", star_of(solana_site).world.roles.recipient.address)
    press(page, f"{NAME} (Solana)")
    if feature != "standard:connect":
        page.locator("#send:enabled").click()
    assert "You have declined in the wallet" in opened.wait_for_trouble()
    assert dollars(solana_site, PERSON.pubkey()) == before and not page.is_visible("#watch")


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("/v1/deployment", {"deployment_hash": f"0x{'77' * 32}"}, "names other chains, bridges or circuits"),
        ("/v1/chains", "program and bridge", "names other chains, bridges or circuits"),
        ("/v1/chains", "program", "there is no bridge of this deployment"),
        ("/v1/tokens", "mint", "by another mint than the node says"),
    ],
)
def test_node__that_lies_in_one_place__is_found_out_and_nothing_is_signed(
    solana_site: Site, browser: Browser, path: str, change: Any, words: str
) -> None:
    opened = Opened(solana_site, browser)
    wallet = StandardWallet(opened.page, PERSON)

    def lie(route: Any) -> None:
        body = route.fetch().json()
        if isinstance(change, dict):
            body |= change
        for chain in body.get("chains", ()) if change == "program" else ():
            chain["contracts"]["program"] = str(PERSON.pubkey())
        if change == "program and bridge":
            own = Program(bytes(PERSON.pubkey()))
            body["chains"][-1]["contracts"] |= {"program": str(own.id), "bridge": str(own.bridge)}
        for token in body.get("tokens", ()) if change == "mint" else ():
            token["contracts"][-1]["address"] = str(PERSON.pubkey())
        route.fulfill(json=body)

    opened.page.route(lambda url: url.endswith(path), lie)
    page = opened.open()
    opened.fill("30", HERE, THERE)
    page.fill("#recipient", star_of(solana_site).world.roles.recipient.address)
    press(page, f"{NAME} (Solana)")
    page.locator("#send:enabled").click()
    assert words in opened.wait_for_trouble()
    assert wallet.signed == []
