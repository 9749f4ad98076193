"""An owner's account through the client: deposits, a key out of one signature, what is signed, and the full exit."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC
from zklink import Client, Wallet
from zklink.devnet.tokens import USDC
from zklink.protocol.errors import (
    BalanceTooSmall,
    FeeUnfair,
    NoAccountYet,
    NodeUnreachable,
    NoSuchPool,
    SignerUnfit,
    StillWaiting,
)
from zklink.protocol.signing import compute_public_key_hash

USD = 10**6


@pytest.fixture
def client(wire: Wire) -> Iterator[Client]:
    with wire.open() as client:
        yield client


@pytest.fixture(scope="module")
def alice(still: Scene) -> Wallet:
    """A depositor with 2,000 dollars and her key."""
    wire = Wire(still)
    wallet, accounts = wire.wallet(), wire.open().accounts
    accounts.deposit(wallet, "polygon", "USDC", "2000")
    accounts.wait_balance(wallet, "USDC", "2000")
    done = accounts.wait(accounts.set_key(wallet))
    assert done.state == "sealed"
    return wallet


def balance(client: Client, wallet: Wallet, token: int = USDC) -> int:
    return sum(int(held.amount) for held in client.accounts.find(wallet).balances if held.token == token)


def test_set_key__after_a_deposit__the_account_has_the_key_of_one_signature(
    client: Client, alice: Wallet, wire: Wire
) -> None:
    deployment_hash = client.book().deployment_hash
    again = Wallet(wire.wallet().signer).layer2_key(deployment_hash)
    assert client.accounts.find(alice).public_key_hash == str(compute_public_key_hash(again.public_key))
    assert Wallet(alice.signer).layer2_key(bytes(32)).public_key != again.public_key


def test_transfer_and_withdraw__signed__reach_their_owner_and_chain(client: Client, alice: Wallet, wire: Wire) -> None:
    friend = wire.wallet("recipient")
    client.accounts.wait(client.accounts.transfer(alice, "USDC", "250", friend.address))
    assert balance(client, friend) == 250 * USD, "she had none before"
    token = wire.scene.pipeline.system.token(BSC, USDC)
    before = token.balance(alice.address)
    done = client.accounts.wait(client.accounts.withdraw(alice, "USDC", "100", "bsc"), state="executed")
    assert done.state == "executed"
    assert token.balance(alice.address) - before == 100 * 10**18


def test_pools__of_the_account__swap_add_and_remove(client: Client, alice: Wallet) -> None:
    accounts = client.accounts
    accounts.wait(accounts.swap(alice, "USDC", "500", "BTC"))
    bought = balance(client, alice, client.book().find_token("BTC").token)
    assert bought > 0
    accounts.wait(accounts.add_liquidity(alice, "BTC", bought // 2, "USDC", "400", fee_token="USDC"))
    pair = {client.book().find_token(name).token for name in ("USDC", "BTC")}
    pool = next(pool for pool in client.api.pools().pools if {pool.token_a, pool.token_b} == pair)
    shares = balance(client, alice, pool.share_token)
    assert shares > 0
    accounts.wait(accounts.remove_liquidity(alice, "USDC", "BTC", shares, fee_token="USDC"))
    assert balance(client, alice, pool.share_token) == 0
    with pytest.raises(NoSuchPool):
        accounts.swap(alice, "USDC", "1", "USDC")


def test_order__signed__rests_and_is_replaced_in_its_slot(client: Client, alice: Wallet) -> None:
    first = client.accounts.order(alice, "USDC", "100", "BTC", "0.5", slot=3)
    assert [order.id for order in client.accounts.find(alice).orders] == [first]
    second = client.accounts.order(alice, "USDC", "90", "BTC", "0.5", slot=3)
    resting = client.accounts.find(alice).orders
    assert (resting[-1].id, resting[-1].slot, resting[-1].order_nonce) == (second, 3, 1)


def test_operation__the_account_has_too_little__the_operators_own_error(client: Client, alice: Wallet) -> None:
    with pytest.raises(BalanceTooSmall) as refused:
        client.accounts.transfer(alice, "USDC", "5000", alice.address)
    assert (refused.value.account, refused.value.token) == (client.accounts.find(alice).account, USDC)


def test_find__nobody_has_deposited__says_so(client: Client, wire: Wire) -> None:
    with pytest.raises(NoAccountYet):
        client.accounts.find(wire.wallet("attacker"))


def test_fee__more_than_a_tenth_of_what_moves__refused_unless_allowed(
    client: Client, alice: Wallet, wire: Wire
) -> None:
    wire.lie("/v1/fees", lambda answer: {**answer, "least_fee": str(20 * USD)})
    with pytest.raises(FeeUnfair, match="a fee of 20000000 of token"):
        client.accounts.transfer(alice, "USDC", "100", alice.address)
    paid = client.accounts.transfer(alice, "USDC", "100", alice.address, most_fee="20")
    assert client.accounts.wait(paid).state == "sealed"


def test_submit__answer_is_lost__asked_for_and_not_handed_in_twice(client: Client, alice: Wallet, wire: Wire) -> None:
    nonce = client.accounts.find(alice).next_nonce
    wire.lose("/v1/operations", 1)
    id = client.accounts.transfer(alice, "USDC", "10", alice.address)
    assert client.accounts.wait(id).state == "sealed"
    assert client.accounts.find(alice).nonce == nonce + 1
    wire.cut("/v1/operations", 1)
    with pytest.raises(NodeUnreachable):
        client.accounts.transfer(alice, "USDC", "10", alice.address)
    assert client.accounts.find(alice).next_nonce == nonce + 1


def test_wait__of_what_never_comes__ends_at_its_deadline(client: Client, wire: Wire) -> None:
    with pytest.raises(StillWaiting, match="after 2 s; it is unknown"):
        client.accounts.wait("0x" + "ab" * 32, seconds=2)
    assert wire.seconds == pytest.approx(2)
    with pytest.raises(StillWaiting, match="not there"):
        client.accounts.wait_balance(wire.wallet("attacker"), "USDC", "1", seconds=1)


def test_full_exit__asked_of_the_chain__pays_the_whole_balance(client: Client, alice: Wallet, wire: Wire) -> None:
    token = wire.scene.pipeline.system.token(BSC, USDC)
    held, before = balance(client, alice), token.balance(alice.address)
    sent = client.accounts.full_exit(alice, "bsc", "USDC")
    assert sent.chain == "bsc"
    wire.scene.pipeline.run_until(lambda: token.balance(alice.address) > before)
    assert token.balance(alice.address) - before == held * 10**12


class Device:
    """A signer as a device is one: it signs, and something can be wrong with it."""

    def __init__(self, signer: Any, other: Any = None) -> None:
        self._signer, self._other, self.asked = signer, other, 0

    @property
    def address(self) -> str:
        return str(self._signer.address)

    def sign_transaction(self, transaction: Any) -> bytes:
        return bytes(self._signer.sign_transaction(transaction))

    def sign_typed_data(self, data: Any) -> bytes:
        self.asked += 1
        return bytes((self._other or self._signer).sign_typed_data(data))


class TestSigners:
    def test_key__of_a_device__is_asked_for_twice_and_is_the_same(self, wire: Wire) -> None:
        signer = wire.wallet().signer
        device = Device(signer)
        assert Wallet(device).layer2_key(bytes(32)) == Wallet(signer).layer2_key(bytes(32))
        assert device.asked == 2

    def test_key__signature_of_somebody_else__refused(self, wire: Wire) -> None:
        device = Device(wire.wallet().signer, wire.wallet("attacker").signer)
        with pytest.raises(SignerUnfit, match="its signature is that of"):
            Wallet(device).layer2_key(bytes(32))

    def test_key__no_signature__refused(self, wire: Wire) -> None:
        class Mute(Device):
            def sign_typed_data(self, data: Any) -> bytes:
                return b"no"

        with pytest.raises(SignerUnfit, match="no signature of 65 bytes"):
            Wallet(Mute(wire.wallet().signer)).layer2_key(bytes(32))

    def test_key__from_a_seed__nobody_signs(self, wire: Wire) -> None:
        device = Device(wire.wallet().signer)
        made = Wallet(device, layer2_seed=b"\x07" * 32).layer2_key(bytes(32))
        assert device.asked == 0
        assert made != Wallet(device, layer2_seed=b"\x08" * 32).layer2_key(bytes(32))
