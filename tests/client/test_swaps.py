"""A swap as a user of the package makes it: quoted, sent, waited for, and taken up again by its hash alone."""

import asyncio

import pytest

from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC, POLYGON
from zklink import Quote
from zklink.devnet.tokens import BTC, USDC
from zklink.protocol.errors import PermitNotOffered

USD = 10**6


def quote_dollars(wire: Wire, amount: str = "600", **terms: object) -> Quote:
    return wire.open().quote("polygon", "USDC", amount, "bsc", "BTC", **terms)  # type: ignore[arg-type]


def test_swap__quoted_and_sent__arrives_with_the_quoted_amount(wire: Wire) -> None:
    client, wallet = wire.open(), wire.wallet()
    system = wire.scene.pipeline.system
    token = system.token(BSC, BTC)
    before = token.balance(wallet.address)
    quote = client.quote("polygon", "USDC", "600", "bsc", "BTC")
    assert str(quote).startswith("600 USDC on polygon for 0.0")
    sent = client.swap(wallet, quote)
    transfer = client.wait(sent)
    assert (transfer.state, transfer.amount_out) == ("arrived", str(quote.amount_out))
    scale = system.bridges[BSC].tokens.token_scale(BTC)
    assert token.balance(wallet.address) - before == quote.amount_out * scale
    assert wire.open().resume(sent.tx_hash) == transfer


def test_swap__asynchronous_face__the_same(wire: Wire) -> None:
    async def swap() -> str:
        async with wire.open_async() as client:
            quote = await client.quote("polygon", "USDC", 50 * USD, "bsc", "USDC")
            sent = await client.swap(wire.wallet(), quote, recipient=wire.wallet("recipient").address)
            return (await client.wait(sent)).state

    assert asyncio.run(swap()) == "arrived"


def test_swap__with_a_permit__no_approval_is_sent(wire: Wire) -> None:
    client, wallet, system = wire.open(), wire.wallet(), wire.scene.pipeline.system
    quote = client.quote("polygon", "USDC", "30", "bsc", "USDC")
    before = system.token(POLYGON, USDC).balance(wallet.address)
    client.swap(wallet, quote, with_permit=True)
    assert wire.sent.count("polygon eth_sendRawTransaction") == 1
    wire.scene.round()
    assert before - system.token(POLYGON, USDC).balance(wallet.address) == 30 * USD
    assert system.token(POLYGON, USDC).allowance(wallet.address, system.bridges[POLYGON].address) == 0


def test_deposit__with_a_permit__no_approval_is_sent(wire: Wire) -> None:
    client, wallet = wire.open(), wire.wallet()
    client.accounts.deposit(wallet, "polygon", "USDC", "20", with_permit=True)
    assert wire.sent.count("polygon eth_sendRawTransaction") == 1
    client.accounts.wait_balance(wallet, "USDC", "20")


def test_swap__token_without_permits__says_so_and_sends_nothing(wire: Wire) -> None:
    client = wire.open()
    quote = client.quote("polygon", "USDC", "30", "bsc", "USDC")
    wire.refuse_calls("polygon", "nonces(address)")
    with pytest.raises(PermitNotOffered, match="no nonces"):
        client.swap(wire.wallet(), quote, with_permit=True)
    assert "polygon eth_sendRawTransaction" not in wire.sent


def test_dry_run__approval_missing__lists_the_calls_and_sends_nothing(wire: Wire) -> None:
    client, wallet = wire.open(), wire.wallet()
    system = wire.scene.pipeline.system
    before = system.token(POLYGON, USDC).balance(wallet.address)
    rehearsal = client.dry_run(wallet, quote_dollars(wire))
    assert [step.label for step in rehearsal.steps] == ["approve", "swap"]
    assert (rehearsal.chain, rehearsal.l1_amount) == ("polygon", 600 * USD)
    assert rehearsal.fee_wei == rehearsal.steps[-1].value_wei > 0
    assert system.token(POLYGON, USDC).balance(wallet.address) == before
    assert not any("eth_sendRawTransaction" in asked for asked in wire.sent)


@pytest.mark.parametrize("amount", ["1", "1000", "250000"])
def test_quote__any_amount__is_the_rules(wire: Wire, amount: str) -> None:
    quote = quote_dollars(wire, amount)
    assert quote.is_possible
    assert quote.min_out == quote.amount_out * 9_950 // 10_000
