"""Swaps from Solana and to it as a user of the package makes them, through a node's API."""

from collections.abc import Iterator

import pytest

from tests.api.scene import Scene
from tests.support.chains import send_deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, SolanaStar, open_star, swap_away
from tests.support.solana.star_pipeline import open_pipeline
from tests.support.solana.star_wire import StarWire
from zklink import SolanaWallet
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.protocol.errors import AddressUnfit, CallReverted, WalletUnfit

USD = 10**6
BOB = key_of("bob").pubkey()
POOR = key_of("no account of the token").pubkey()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wire() -> Iterator[StarWire]:
    """A client's wire to a node whose chains have a reserve of USDC each."""
    with open_star() as star:
        pipeline = open_pipeline(star)
        star.site.make_holding(BOB, star.site.mints[USDC])
        send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=star.world.roles.provider)
        scene = Scene(pipeline)
        pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
        swap_away(star, 1_000 * USD)
        pipeline.finish(1)
        with scene.serve():
            yield StarWire(scene)
        pipeline.node.close()


def star_of(wire: StarWire) -> SolanaStar:
    """The star behind a wire."""
    system = wire.scene.pipeline.system
    assert isinstance(system, SolanaStar)
    return system


def solana_wallet(wire: StarWire) -> SolanaWallet:
    """The site's user."""
    return SolanaWallet(key_of("user"))


def test_chains__with_a_solana_member__are_named_as_others_name_them(wire: StarWire) -> None:
    wire.scene.round()
    star = star_of(wire)
    book = wire.open().book()
    assert book.deployment_hash == star.deployment.deployment_hash
    shown = book.find_chain("solana")
    genesis = star.deployment.programs[SOLANA].genesis
    assert (shown.caip2, shown.address_format, shown.status) == (f"solana:{genesis[:32]}", 2, "live")
    assert shown.native_asset == f"{shown.caip2}/slip44:501"
    assert shown.contracts == {"bridge": str(star.site.bridge), "program": str(star.site.id)}
    mint = next(each for each in book.find_token("USDC").contracts if each.chain == SOLANA)
    assert mint.asset == f"{shown.caip2}/token:{star.site.mints[USDC]}"
    assert (mint.l1_per_unit, mint.is_paused) == ("1", False)


def test_swap__from_solana__arrives_with_the_quoted_amount(wire: StarWire) -> None:
    client, wallet, star = wire.open(), solana_wallet(wire), star_of(wire)
    recipient = star.world.roles.recipient.address
    before = star.token(POLYGON.chain_id, USDC).balance(recipient)
    quote = client.quote("solana", "USDC", "300", "polygon", "USDC")
    rehearsal = client.dry_run(wallet, quote, recipient=recipient)
    assert (rehearsal.l1_amount, rehearsal.steps) == (300 * USD, ())
    sent = client.swap(wallet, quote, recipient=recipient)
    assert sent.chain == "solana" and len(sent.tx_hash) > 80
    transfer = client.wait(sent)
    assert (transfer.state, transfer.amount_out, transfer.tx_hash) == ("arrived", str(quote.amount_out), sent.tx_hash)
    assert transfer.refund_to.endswith(f":{wallet.address}") and transfer.recipient.endswith(recipient)
    assert star.token(POLYGON.chain_id, USDC).balance(recipient) - before == quote.amount_out
    assert wire.open().resume(sent.tx_hash) == transfer


def test_swap__to_solana__arrives_at_the_recipients_account(wire: StarWire) -> None:
    client, star = wire.open(), star_of(wire)
    before = star.site.balance(USDC, BOB)
    quote = client.quote("polygon", "USDC", "200", "solana", "USDC")
    transfer = client.wait(client.swap(wire.wallet(), quote, recipient=str(BOB)))
    assert (transfer.state, transfer.amount_out) == ("arrived", str(quote.amount_out))
    assert transfer.recipient == f"solana:{star.deployment.programs[SOLANA].genesis[:32]}:{BOB}"
    assert star.site.balance(USDC, BOB) - before == quote.amount_out
    [receipt] = transfer.receipts
    assert (receipt.how, receipt.chain, receipt.receiver) == ("pay", SOLANA, str(BOB))


def test_swap__to_an_account_that_is_not_there__is_owed_until_it_is(wire: StarWire) -> None:
    client, star = wire.open(), star_of(wire)
    sent = client.swap(wire.wallet(), client.quote("polygon", "USDC", "20", "solana", "USDC"), recipient=str(POOR))
    states = wire.scene.follow(sent.tx_hash, "owed")
    assert states[-1] == "owed"
    [told] = wire.open().status(sent.tx_hash).transfers
    assert "associated account" in told.wait.what_they_can_do and told.wait.who_can_act == ["recipient", "anybody"]
    star.site.make_holding(POOR, star.site.mints[USDC])
    wire.scene.pipeline.clock.now += 60
    assert client.wait(sent).state == "arrived"
    assert star.site.balance(USDC, POOR) == 20 * USD


def test_swap__on_the_wrong_kind_of_chain__is_refused_before_anything_is_sent(wire: StarWire) -> None:
    client, here = wire.open(), solana_wallet(wire)
    away = client.quote("solana", "USDC", "10", "polygon", "USDC")
    back = client.quote("polygon", "USDC", "10", "solana", "USDC")
    asked = len(wire.sent)
    with pytest.raises(AddressUnfit, match="is no address on polygon"):
        client.swap(here, away)
    with pytest.raises(AddressUnfit, match="is no address on solana"):
        client.swap(wire.wallet(), back)
    with pytest.raises(AddressUnfit, match="is no address on solana"):
        client.swap(wire.wallet(), back, recipient=wire.wallet().address)
    with pytest.raises(WalletUnfit, match="has no account on polygon"):
        client.swap(here, back, recipient=str(BOB))
    assert not [each for each in wire.sent[asked:] if "send" in each.lower()]


def test_swap__that_the_program_refuses__is_said_before_it_is_sent(wire: StarWire) -> None:
    client = wire.open()
    quote = client.quote("solana", "USDC", "10", "polygon", "USDC")
    asked = len(wire.sent)
    with pytest.raises(CallReverted, match="solana"):
        client.swap(solana_wallet(wire), quote, recipient=wire.wallet().address, seconds=-1)
    assert "solana sendTransaction" not in wire.sent[asked:]
