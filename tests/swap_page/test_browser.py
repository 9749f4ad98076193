"""The swap page in a real browser: from a quote to the money, with the test wallet and with a person's own."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.explorer.browser import SCREENSHOTS, open_browser, open_page
from tests.explorer.npm import ensure_axe
from tests.explorer.site import Site
from tests.scenarios.pipeline import POLYGON
from tests.swap_page.browser_wallet import NAME, BrowserWallet
from zklink.bench.third_party.contracts import load_third_party
from zklink.client.entry_check import ENTRY_CODE_BYTES
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.entry_client import deploy_entry
from zklink.l1.contracts.token import TokenClient

pytestmark = pytest.mark.slow

TEST_WALLET: Final = "Test wallet: its key is public, for local chains only"
ROUNDS: Final = 60
SWAP, SWAP_WITH_PERMIT, APPROVE = "0x6e87626a", "0xbcc3fef7", "0x095ea7b3"
NONCES, AUTHORIZATION_STATE = "0x7ecebe00", "0xe94a0102"
"""Selectors of calls."""


class Opened:
    """A page of the site in a browser; `complaints` of its console and policy must stay empty."""

    def __init__(self, site: Site, browser: Browser, **options: Any) -> None:
        self.site = site
        self.page: Page = open_page(browser, **options)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def bring_wallet(self, chain_id: int = 137) -> BrowserWallet:
        """A person's wallet, before the page is opened."""
        system = self.site.scene.pipeline.system
        clients = {bridge.client.profile.evm_chain_id: bridge.client for bridge in system.bridges.values()}
        return BrowserWallet(self.page, system.world.roles.depositor, clients, chain_id)

    def open(self, path: str = "/swap") -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def fill(self, amount: str = "1000", give: str = "USDC on polygon", get: str = "BTC on bsc") -> None:
        self.page.select_option("#from", label=give)
        self.page.select_option("#to", label=get)
        self.page.fill("#amount", amount)
        expect(self.page.locator("#out")).to_be_visible()

    def send(self, wallet: str) -> None:
        self.page.get_by_role("button", name=wallet).click()
        self.page.locator("#send:enabled").click()

    def wait(self, is_over: Callable[[], bool]) -> None:
        """Let the world go on until the page shows it."""
        for _ in range(ROUNDS):
            if is_over():
                return
            self.page.wait_for_timeout(200)
            self.site.act(self.site.scene.round)
        raise AssertionError(self.page.inner_text("main"))

    def wait_for_trouble(self) -> str:
        self.wait(lambda: bool(self.page.inner_text("#trouble").strip()))
        return self.page.inner_text("#trouble").strip()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as found:
        yield found


def test_test_wallet__a_swap__arrives_and_is_found_again_by_its_hash_alone(site: Site, browser: Browser) -> None:
    opened = Opened(site, browser)
    page = opened.open()
    opened.fill()
    opened.send(TEST_WALLET)
    opened.wait(lambda: page.is_visible("#watch"))
    assert page.inner_text("#trouble") == ""
    opened.wait(lambda: "This is final" in page.inner_text("#watch-now"))
    assert re.search(r"Arrived\n.*\n*[0-9.]+ BTC for 0x[0-9a-fA-F]{40}", page.inner_text("#timeline"))
    tx_hash = page.url.partition("tx=")[2]
    page.reload()
    expect(page.locator("#watch-now")).to_contain_text("This is final")
    state = site.scene.get(f"/v1/transfers/{tx_hash}")
    assert state["state"] == "arrived" and state["transfers"][0]["token_out"]
    assert opened.complaints == []


def test_own_wallet__on_another_chain_without_allowance__is_switched_and_asked_for_exactly_the_amount(
    site: Site, browser: Browser
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet(chain_id=1)
    page = opened.open()
    opened.fill("25.5")
    page.uncheck("#by-signature")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    assert wallet.chain_id == 137 and "wallet_switchEthereumChain" in wallet.methods
    sent = [params[0] for method, params in wallet.asked if method == "eth_sendTransaction"]
    assert [call["data"][:10] for call in sent] == [APPROVE, SWAP]
    assert int(sent[0]["data"][74:], 16) == 25_500_000, "the approval is of the amount, no more"
    opened.wait(lambda: "This is final" in page.inner_text("#watch-now"))
    assert "Arrived" in page.inner_text("#timeline")
    assert opened.complaints == []


def test_own_wallet__that_signs_the_permission__sends_one_transaction(site: Site, browser: Browser) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    page = opened.open()
    opened.fill("25.5")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    (sent,) = [params[0] for method, params in wallet.asked if method == "eth_sendTransaction"]
    assert sent["data"][:10] == SWAP_WITH_PERMIT and "signed: no transaction" in page.inner_text("#steps")
    opened.wait(lambda: "This is final" in page.inner_text("#watch-now"))
    assert opened.complaints == []


def test_own_wallet__token_with_authorizations_alone__one_signature_and_one_transaction_at_the_entry(
    site: Site, browser: Browser
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    wallet.reverted = {NONCES}
    page = opened.open()
    opened.fill("25.5")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    (sent,) = [params[0] for method, params in wallet.asked if method == "eth_sendTransaction"]
    assert sent["to"] == site.scene.pipeline.system.deployment.chains[POLYGON].entry
    assert wallet.methods.count("eth_signTypedData_v4") == 1
    assert "signed as an authorization: no transaction" in page.inner_text("#steps")
    _look(page, SCREENSHOTS / "swap-authorization.png")
    opened.wait(lambda: "This is final" in page.inner_text("#watch-now"))
    assert "Arrived" in page.inner_text("#timeline")
    assert opened.complaints == []


def test_own_wallet__that_has_approved_permit2__one_signature_and_one_transaction_at_the_entry(
    site: Site, browser: Browser
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    wallet.reverted = {NONCES, AUTHORIZATION_STATE}
    entry = site.act(lambda: open_permit2(site, wallet))
    opened.page.route(lambda url: url.endswith("/v1/chains"), lambda route: _replace_entry(route, entry))
    page = opened.open()
    opened.fill("25.5")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    (sent,) = [params[0] for method, params in wallet.asked if method == "eth_sendTransaction"]
    assert sent["to"] == entry and "signed for Permit2: no transaction" in page.inner_text("#steps")
    opened.wait(lambda: "This is final" in page.inner_text("#watch-now"))
    assert opened.complaints == []


@pytest.mark.parametrize("false", ["a contract of another kind", "an entry with one other byte"])
def test_own_wallet__node_names_a_false_entry__is_asked_for_an_approval(
    site: Site, browser: Browser, false: str
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    wallet.reverted = {NONCES}
    place = site.scene.pipeline.system.deployment.chains[POLYGON]
    entry = place.resolver if false == "a contract of another kind" else forge_entry(site, place.entry)
    opened.page.route(lambda url: url.endswith("/v1/chains"), lambda route: _replace_entry(route, entry))
    page = opened.open()
    opened.fill("25.5")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    sent = [params[0]["data"][:10] for method, params in wallet.asked if method == "eth_sendTransaction"]
    assert sent == [APPROVE, SWAP] and "eth_signTypedData_v4" not in wallet.methods


def forge_entry(site: Site, entry: str) -> str:
    """A contract that answers as the entry does, and whose code differs in a byte of the compiler's notes."""
    chain, address = site.scene.pipeline.system.world[POLYGON], "0x" + "e7" * 20
    code = bytearray.fromhex(chain.rpc("eth_getCode", entry, "latest").removeprefix("0x"))
    code[ENTRY_CODE_BYTES - 8] ^= 1
    chain.rpc("anvil_setCode", address, f"0x{code.hex()}")
    return address


def open_permit2(site: Site, wallet: BrowserWallet) -> str:
    """An entry on Polygon for Permit2, which the wallet's user has allowed to take dollars."""
    system = site.scene.pipeline.system
    client, deployer = system.bridges[POLYGON].client, system.world.roles.deployer
    permit2 = client.deploy(deployer, load_third_party("Permit2"))
    system.token(POLYGON, USDC).approve(wallet.account, permit2, 2**256 - 1)
    return deploy_entry(client, deployer, system.bridges[POLYGON].address, permit2).address


def _replace_entry(route: Any, entry: str) -> None:
    body = route.fetch().json()
    for chain in body["chains"]:
        if chain["chain"] == POLYGON:
            chain["contracts"]["entry"] = entry
    route.fulfill(json=body)


def test_own_wallet__whose_signature_of_a_permission_fails__is_asked_for_a_transaction(
    site: Site, browser: Browser
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    wallet.answer["eth_signTypedData_v4"] = "0x" + "11" * 65
    page = opened.open()
    opened.fill("25.5")
    opened.send(NAME)
    opened.wait(lambda: page.is_visible("#watch"))
    assert wallet.methods.count("eth_sendTransaction") == 2


def test_own_wallet__that_does_not_know_the_chain__is_told_where_a_devnets_is(site: Site, browser: Browser) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet(chain_id=1)
    wallet.clients = {id: client for id, client in wallet.clients.items() if id == 1}
    wallet.answer["wallet_addEthereumChain"] = None
    opened.open()
    opened.fill()
    opened.send(NAME)
    assert "The wallet is on another chain: switch it to polygon" in opened.wait_for_trouble()
    (added,) = [params[0] for method, params in wallet.asked if method == "wallet_addEthereumChain"]
    assert added["chainId"] == "0x89" and added["rpcUrls"] == [f"{site.url}/swap/rpc/2"]


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        ({"eth_requestAccounts": {"code": 4001}}, "You have declined in the wallet"),
        ({"wallet_switchEthereumChain": {"code": 4001}}, "You have declined in the wallet"),
        ({"eth_sendTransaction": {"code": 4001}}, "You have declined in the wallet"),
        ({"eth_requestAccounts": {"code": -32002}}, "has a question open"),
        (
            {"eth_sendTransaction": {"code": -32000, "message": "insufficient funds for gas"}},
            "too little of the chain's coin",
        ),
    ],
)
def test_own_wallet__that_refuses__is_told_in_words_that_say_what_to_do(
    site: Site, browser: Browser, refuse: dict[str, Any], words: str
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet(chain_id=1)
    wallet.refuse = refuse
    page = opened.open()
    opened.fill()
    page.get_by_role("button", name=NAME).click()
    if "eth_requestAccounts" not in refuse:
        page.locator("#send:enabled").click()
    assert words in opened.wait_for_trouble()
    assert not page.is_visible("#watch")


def test_own_wallet__on_a_real_chain_of_that_id__finds_no_bridge_and_sends_nothing(
    site: Site, browser: Browser
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    wallet.answer["eth_call"] = "0x"
    opened.open()
    opened.fill()
    opened.send(NAME)
    assert "there is no bridge of this deployment" in opened.wait_for_trouble()
    assert "eth_sendTransaction" not in wallet.methods


def test_own_wallet__with_too_little__is_told_what_it_has(site: Site, browser: Browser) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()
    stranger, system = site.scene.pipeline.system.world.roles.stranger, site.scene.pipeline.system
    wallet.account = stranger
    opened.open()
    opened.fill()
    token = TokenClient(system.bridges[2].client, system.deployment.tokens[0].contracts[2])  # type: ignore[index]
    opened.send(NAME)
    words = opened.wait_for_trouble()
    assert "You have " in words and "choose a smaller amount" in words, (words, token.balance(stranger.address))
    assert "eth_sendTransaction" not in wallet.methods


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("/v1/quote?", "amount_out", "is not what its pools give"),
        ("/v1/deployment", "deployment_hash", "names other chains, bridges or circuits"),
    ],
)
def test_node__that_lies_in_one_place__is_found_out_and_nothing_is_sent(
    site: Site, browser: Browser, path: str, field: str, words: str
) -> None:
    opened = Opened(site, browser)
    wallet = opened.bring_wallet()

    def lie(route: Any) -> None:
        body = route.fetch().json()
        body[field] = f"0x{'77' * 32}" if body[field].startswith("0x") else str(int(body[field]) + 1)
        route.fulfill(json=body)

    opened.page.route(lambda url: path in url, lie)
    opened.open()
    opened.fill()
    opened.send(NAME)
    assert words in opened.wait_for_trouble()
    assert "eth_sendTransaction" not in wallet.methods


def test_page__without_javascript__quotes_and_says_what_sending_needs(site: Site, browser: Browser) -> None:
    opened = Opened(site, browser, has_scripts=False)
    page = opened.open()
    page.fill("#amount", "12")
    page.get_by_role("button", name="Show the quote").click()
    expect(page.locator("#out")).to_be_visible()
    expect(page.get_by_text("This page needs JavaScript and a wallet")).to_be_visible()
    expect(page.locator("#wallet")).to_be_hidden()
    assert opened.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page__in_every_width_and_theme__fits_and_is_accessible(
    site: Site, browser: Browser, width: int, theme: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    opened = Opened(site, browser, width=width, theme=theme)
    page = opened.open()
    opened.fill()
    _look(page, SCREENSHOTS / f"swap-{width}-{theme}-quote.png")
    opened.send(TEST_WALLET)
    opened.wait(lambda: page.is_visible("#watch"))
    _look(page, SCREENSHOTS / f"swap-{width}-{theme}-sent.png")
    page.fill("#amount", "1e9")
    expect(page.locator("#mistake")).to_be_visible()
    _look(page, SCREENSHOTS / f"swap-{width}-{theme}-mistake.png")


def _look(page: Page, file: Path) -> None:
    page.screenshot(path=str(file), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate(f"{ensure_axe()}; undefined")
    found = page.evaluate(
        "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html)]))"
    )
    assert found == [], json.dumps(found)[:2000]
