"""A swap without gas coin: the wallet signs, the relayer sends; and a node that lies gets no signature."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import zklink.explorer
from tests.api.signed_orders import Signer
from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC, POLYGON
from zklink import Quote, Wallet
from zklink.client.entry_check import ENTRY_CODE_BYTES, ENTRY_CODE_HASH
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.entry_client import deploy_entry
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import (
    ContractUntrue,
    OrderNotBrought,
    PermitNotOffered,
    RelayFeeHigh,
    RelayRefused,
    TokensShort,
)

USD = 10**6


def quote_dollars(wire: Wire, amount: str = "100") -> Quote:
    return wire.open().quote("polygon", "USDC", amount, "bsc", "BTC")


def open_wallet(wire: Wire) -> Wallet:
    """Somebody with dollars on polygon and no coin anywhere."""
    return Wallet.from_account(Signer(wire.scene.pipeline.system, POLYGON, BSC).account)


def name_entry(wire: Wire, address: str) -> None:
    """The node says that this is polygon's entry."""

    def tamper(answer: Any) -> Any:
        for chain in answer["chains"]:
            if chain["chain"] == POLYGON:
                chain["contracts"]["entry"] = address
        return answer

    wire.lie("/v1/chains", tamper)


def test_entry_code__is_what_the_compiler_makes() -> None:
    code = load_contract("Entry").runtime_bytecode
    assert (len(code), keccak256(code).hex()) == (ENTRY_CODE_BYTES, ENTRY_CODE_HASH.hex())
    page = (Path(zklink.explorer.__path__[0]) / "static/js/swap/ways.js").read_text()
    assert f"ENTRY_CODE_BYTES = {len(code)};" in page and f'"0x{ENTRY_CODE_HASH.hex()}"' in page


def test_swap__gasless__a_wallet_without_coin_swaps(wire: Wire) -> None:
    client, wallet, system = wire.open(), open_wallet(wire), wire.scene.pipeline.system
    quote = quote_dollars(wire)
    assert quote.relayer == system.world.roles.relayer.address and quote.relayer_fee > 0
    before = system.token(POLYGON, USDC).balance(wallet.address)
    sent = client.swap(wallet, quote, gasless=True)
    assert "polygon eth_sendRawTransaction" not in wire.sent
    transfer = client.wait(sent)
    assert (transfer.state, transfer.amount_out) == ("arrived", str(quote.amount_out))
    spent = before - system.token(POLYGON, USDC).balance(wallet.address)
    assert spent == 100 * USD + quote.relayer_fee
    assert system.token(BSC, BTC).balance(wallet.address) > 0


def test_swap__gasless_asynchronous__the_same(wire: Wire) -> None:
    async def swap() -> str:
        async with wire.open_async() as client:
            quote = await client.quote("polygon", "USDC", "50", "bsc", "USDC")
            return (await client.swap(open_wallet(wire), quote, gasless=True)).chain

    assert asyncio.run(swap()) == "polygon"


@pytest.mark.parametrize("what", ["nothing there", "another contract", "an entry of another bridge"])
def test_swap__gasless_at_a_false_entry__signs_nothing(wire: Wire, what: str) -> None:
    """An entry that is none could take what was signed for it."""
    system = wire.scene.pipeline.system
    if what == "nothing there":
        address = str(system.world.roles.stranger.address)
    elif what == "another contract":
        address = system.bridges[POLYGON].address
    else:
        address = _deploy_twin(wire)
    name_entry(wire, address)
    wallet, quote = open_wallet(wire), quote_dollars(wire)
    with pytest.raises(ContractUntrue, match="the entry"):
        wire.open().swap(wallet, quote, gasless=True)
    assert "/v1/orders" not in wire.sent


def _deploy_twin(wire: Wire) -> str:
    """A true entry's code, made for the bridge of a stranger who says everything that it asks for."""
    system = wire.scene.pipeline.system
    client, stranger = system.world[POLYGON].client, system.world.roles.stranger
    false_bridge = client.deploy(stranger, load_contract("FalseBridge"), system.deployment.chains[POLYGON].registry)
    return deploy_entry(client, stranger, false_bridge).address


def test_swap__gasless_entry_of_a_stranger_for_this_bridge__is_as_good(wire: Wire) -> None:
    """An entry has no owner: its code is all that counts, whoever deployed it. The relayer knows its own alone."""
    system = wire.scene.pipeline.system
    bridge = system.bridges[POLYGON].address
    other = deploy_entry(system.world[POLYGON].client, system.world.roles.stranger, bridge)
    name_entry(wire, other.address)
    with pytest.raises(RelayRefused) as refused:
        wire.open().swap(open_wallet(wire), quote_dollars(wire), gasless=True)
    assert refused.value.code == "wrong_entry"


def test_swap__gasless_fee_above_what_may_be_taken__signs_nothing(wire: Wire) -> None:
    client, wallet, quote = wire.open(), open_wallet(wire), quote_dollars(wire)
    dear = replace(quote, relayer_fee=5 * USD + 1)
    with pytest.raises(RelayFeeHigh) as refused:
        client.swap(wallet, dear, gasless=True)
    assert (refused.value.fee, refused.value.greatest) == (5 * USD + 1, 5 * USD)
    with pytest.raises(RelayFeeHigh):
        client.swap(wallet, quote, gasless=True, greatest_relayer_fee="0.000001")
    assert "/v1/orders" not in wire.sent
    assert client.swap(wallet, dear, gasless=True, greatest_relayer_fee="6").chain == "polygon"


def test_swap__gasless_where_nobody_relays__says_so(wire: Wire) -> None:
    quote = wire.open().quote("avalanche", "AVAX", "1", "polygon", "USDC")
    assert quote.relayer is None
    with pytest.raises(RelayRefused) as refused:
        wire.open().swap(open_wallet(wire), replace(quote, is_possible=True), gasless=True)
    assert refused.value.code == "relay_off"


def test_swap__gasless_without_enough_of_the_token__says_what_is_short(wire: Wire) -> None:
    quote, wallet = quote_dollars(wire), Wallet.from_key("0x" + "17" * 32)
    with pytest.raises(TokensShort) as short:
        wire.open().swap(wallet, quote, gasless=True)
    assert short.value.needed == 100 * USD + quote.relayer_fee


def test_swap__gasless_token_without_authorizations__says_so_and_signs_nothing(wire: Wire) -> None:
    wire.refuse_calls("polygon", "authorizationState(address,bytes32)")
    with pytest.raises(PermitNotOffered, match="EIP-3009"):
        wire.open().swap(open_wallet(wire), quote_dollars(wire), gasless=True)
    assert "/v1/orders" not in wire.sent


def test_swap__gasless_and_the_answer_is_lost__names_the_order_and_until_when_it_is_good(wire: Wire) -> None:
    """Whoever signs another order now may swap twice."""
    client, wallet, quote = wire.open(), open_wallet(wire), quote_dollars(wire)
    wire.lose("/v1/orders", 1_000)
    with pytest.raises(OrderNotBrought) as waiting:
        client.swap(wallet, quote, gasless=True)
    assert waiting.value.valid_before > 0 and "handed in" in waiting.value.state


@pytest.mark.parametrize("named", ["one that is not there", "the order before"])
def test_swap__gasless_node_names_another_transaction__is_not_believed(wire: Wire, named: str) -> None:
    """Only the events of entry and token in the chain's own receipt show that this order was brought."""
    client, wallet, quote = wire.open(), open_wallet(wire), quote_dollars(wire)
    before = "0x" + "ab" * 32
    if named == "the order before":
        before = client.swap(wallet, quote_dollars(wire, "50"), gasless=True).tx_hash

    def tamper(answer: Any) -> Any:
        if "settlement" in answer:
            answer["settlement"]["data"]["opened_by"] = before
        return answer

    told: list[str] = []
    original = wire.send

    async def send(verb: str, url: str, params: Any, body: bytes | None) -> Any:
        if "/v1/orders/0x" in url:
            wire.lie(url.removeprefix("http://node"), tamper)
            told.append(url)
        return await original(verb, url, params, body)

    wire.send = send  # type: ignore[method-assign]
    with pytest.raises(OrderNotBrought) as waiting:
        client.swap(wallet, quote, gasless=True, brought_seconds=3.0)
    assert told and waiting.value.order_id.hex() in told[0]
