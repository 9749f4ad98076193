"""An account of layer 2 that belongs to a wallet of Solana, through a node's API and at the program's doors."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import zklink
from tests.api.scene import Scene
from tests.docs.code_blocks import ROOT, read_blocks
from tests.support.chains import send_deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SolanaStar, open_star
from tests.support.solana.star_pipeline import open_pipeline
from tests.support.solana.star_wire import StarWire
from zklink import Client, SolanaWallet, Wallet
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import AddressUnfit, CallReverted, SignerUnfit, StillWaiting, WalletUnfit
from zklink.protocol.signing import compute_public_key_hash

USD = 10**6

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wire() -> Iterator[StarWire]:
    """A client's wire to a node whose chains have a reserve of USDC each."""
    with open_star() as star:
        pipeline = open_pipeline(star)
        send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=star.world.roles.provider)
        scene = Scene(pipeline)
        pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
        with scene.serve():
            yield StarWire(scene)
        pipeline.node.close()


@pytest.fixture
def wallet() -> SolanaWallet:
    """The site's user, who has SOL and USDC."""
    return SolanaWallet(key_of("user"))


def star_of(wire: StarWire) -> SolanaStar:
    """The star behind a wire."""
    system = wire.scene.pipeline.system
    assert isinstance(system, SolanaStar)
    return system


def held(client: Client, wallet: Wallet | SolanaWallet) -> int:
    """What an account has of USDC."""
    return sum(int(each.amount) for each in client.accounts.find(wallet).balances if each.token == USDC)


def test_page__its_program__opens_uses_and_leaves_an_account(
    wire: StarWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what the page does not show: the money, and where it went."""
    star, page = star_of(wire), ROOT / "docs" / "solana.md"
    [block] = [block for block in read_blocks(page) if block.language == "python"]
    keyfile, friend = tmp_path / "id.json", star.world.roles.attacker.address
    keyfile.write_text(json.dumps(list(bytes(key_of("user")))))
    monkeypatch.setattr(zklink, "Client", partial(Client, transport=wire))
    user, before = key_of("user").pubkey(), star.site.balance(USDC, key_of("user").pubkey())
    polygon = star.token(POLYGON.chain_id, USDC)
    friends = polygon.balance(friend)
    names = {"api": "http://node", "rpc": wire.urls, "keyfile": keyfile, "friend": friend}
    exec(compile(block.text, str(page), "exec"), names)
    printed = capsys.readouterr().out
    assert printed == block.output
    wire.scene.pipeline.run_until(lambda: star.site.balance(USDC, user) >= before - 500 * USD + 50 * USD + int(printed))
    assert star.site.balance(USDC, user) == before - 450 * USD + int(printed)
    assert polygon.balance(friend) - friends == 100 * USD
    assert held(wire.open(), SolanaWallet(key_of("user"))) == 0


def test_deposit__for_an_owner_of_the_other_kind__is_in_its_account(wire: StarWire, wallet: SolanaWallet) -> None:
    client, friend = wire.open(), wire.wallet("trader")
    client.accounts.deposit(wallet, "solana", "USDC", "70", owner=friend.address)
    client.accounts.wait_balance(friend, "USDC", "70")
    assert held(client, friend) == 70 * USD


def test_transfer__to_a_base58_name__opens_its_account(wire: StarWire) -> None:
    client, friend = wire.open(), wire.wallet("depositor")
    bob = SolanaWallet(key_of("bob"))
    client.accounts.deposit(friend, "polygon", "USDC", "40")
    client.accounts.wait_balance(friend, "USDC", "40")
    client.accounts.wait(client.accounts.set_key(friend))
    client.accounts.wait(client.accounts.transfer(friend, "USDC", "10", bob.address))
    client.accounts.wait_balance(bob, "USDC", "10")
    star = star_of(wire)
    star.site.make_holding(key_of("bob").pubkey(), star.site.mints[USDC])
    sent = client.accounts.withdraw(friend, "USDC", "5", "solana", recipient=bob.address)
    assert client.accounts.wait(sent, state="executed").state == "executed"
    wire.scene.pipeline.run_until(lambda: star.site.balance(USDC, key_of("bob").pubkey()) > 0)
    assert star.site.balance(USDC, key_of("bob").pubkey()) == 5 * USD


def test_full_exit__other_chains__pay_the_recipient_that_is_named(wire: StarWire, wallet: SolanaWallet) -> None:
    client, star = wire.open(), star_of(wire)
    client.accounts.deposit(wallet, "solana", "USDC", "30")
    client.accounts.wait_balance(wallet, "USDC", "30")
    with pytest.raises(AddressUnfit, match="no address on polygon"):
        client.accounts.full_exit(wallet, "solana", "USDC", others=["polygon"])
    before, user = held(client, wallet), key_of("user").pubkey()
    had = star.site.balance(USDC, user)
    client.accounts.full_exit(wallet, "solana", "USDC", others=["polygon"], recipient=wire.wallet("attacker").address)
    wire.scene.pipeline.run_until(lambda: star.site.balance(USDC, user) > had)
    assert star.site.balance(USDC, user) == had + before and held(client, wallet) == 0


def test_doors__of_the_wrong_kind__refused_before_anything_is_sent(wire: StarWire, wallet: SolanaWallet) -> None:
    accounts, other = wire.open().accounts, wire.wallet()
    asked = len(wire.sent)
    with pytest.raises(WalletUnfit, match="has no account on polygon"):
        accounts.deposit(wallet, "polygon", "USDC", "1")
    with pytest.raises(WalletUnfit, match="has no account on solana"):
        accounts.deposit(other, "solana", "USDC", "1")
    with pytest.raises(AddressUnfit, match="no address on any chain"):
        accounts.deposit(wallet, "solana", "USDC", "1", owner="nobody")
    with pytest.raises(AddressUnfit, match="no address on solana"):
        accounts.withdraw(other, "USDC", "1", "solana")
    with pytest.raises(CallReverted, match="another program"):
        accounts.deposit(wallet, "solana", "USDC", str(10**12))
    with pytest.raises(StillWaiting, match="the key of"):
        accounts.wait_key(wire.wallet("recipient"), seconds=1)
    assert not [each for each in wire.sent[asked:] if "send" in each.lower()]


def test_layer2_key__signer_that_signs_otherwise_each_time__refused() -> None:
    signed = iter((b"\1" * 64, b"\2" * 64))

    class Fickle:
        def pubkey(self) -> object:
            return key_of("user").pubkey()

        def sign_message(self, message: bytes) -> bytes:
            return next(signed)

    with pytest.raises(SignerUnfit, match="another signature each time"):
        SolanaWallet(Fickle()).layer2_key(bytes(32))
    seeded = SolanaWallet(Fickle(), layer2_seed=b"\7" * 32)
    assert compute_public_key_hash(seeded.layer2_key(bytes(32)).public_key)
    assert decode_base58(seeded.address, 32) == seeded.owner
