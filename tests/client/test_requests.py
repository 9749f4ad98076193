"""Requests at the doors through the client: what each pays, and what is said before anything is sent; least fees."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.client.test_accounts import Device, balance
from tests.client.wire import Wire
from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink import Client, Sent, Wallet
from zklink.client.orders import PRICE_SECONDS
from zklink.devnet.tokens import BTC, USDC
from zklink.l1.contracts.bridge_events import DepositRequested, FullExitRequested, KeyRequested, SwapRequested
from zklink.protocol.errors import FeeTooLow, NoAccountYet, RecipientIsToken, TokensShort
from zklink.protocol.ids import ChainId, Door
from zklink.protocol.signing import compute_public_key_hash

USD = 10**6
GWEI = 10**9
HOUR = 3_600


@pytest.fixture
def client(wire: Wire) -> Iterator[Client]:
    with wire.open() as client:
        yield client


@pytest.fixture(scope="module")
def alice(still: Scene) -> Wallet:
    """A depositor with 1,000 dollars and her key."""
    wire = Wire(still)
    wallet, accounts = wire.wallet(), wire.open().accounts
    accounts.deposit(wallet, "polygon", "USDC", "1000")
    accounts.wait_balance(wallet, "USDC", "1000")
    accounts.wait(accounts.set_key(wallet))
    return wallet


def price(scene: Scene, chain: ChainId, kind: int) -> int:
    """What a door costs now, in gwei."""
    return scene.pipeline.system.bridges[chain].tokens.price(kind)


def requested(scene: Scene, chain: ChainId, tx_hash: str) -> Any:
    """The request's event of a transaction that is mined now."""
    scene.round()
    bridge = scene.pipeline.system.bridges[chain]
    kinds = [SwapRequested, DepositRequested, FullExitRequested, KeyRequested]
    events = bridge.events_named(kinds, 0, bridge.client.head().number)
    (found,) = [event for event in events if f"0x{event.log.tx_hash.hex()}" == tx_hash]
    return found


def fees(client: Client, token: int) -> int:
    """The operator's accrued fees, in layer-2 units."""
    return next(int(each.fees) for each in client.api.solvency().tokens if each.token == token)


def poor_owner(client: Client, alice: Wallet, seed: int) -> Wallet:
    """An owner with five dollars in the account and no coin anywhere."""
    wallet = Wallet.from_key(bytes([seed]) * 32)
    client.accounts.deposit(alice, "polygon", "USDC", "5", owner=wallet.address)
    client.accounts.wait_balance(wallet, "USDC", "5")
    return wallet


class TestPrices:
    def test_requests__of_every_kind__pay_the_registrys_price(self, client: Client, alice: Wallet, wire: Wire) -> None:
        scene, accounts = wire.scene, client.accounts
        bob = wire.wallet("provider")
        quote = client.quote("polygon", "USDC", "20", "bsc", "USDC")
        sent: dict[int, Callable[[], Sent]] = {
            int(BSC): lambda: client.swap(alice, quote),
            Door.DEPOSIT: lambda: accounts.deposit(alice, "polygon", "USDC", "5"),
            Door.KEY_REQUEST: lambda: accounts.request_key(bob, "polygon"),
            Door.FULL_EXIT: lambda: accounts.full_exit(bob, "polygon", "BTC"),
        }
        for kind, send in sent.items():
            event = requested(scene, POLYGON, send().tx_hash)
            assert event.request.native_fee_gwei == price(scene, POLYGON, kind) > 0

    def test_swap__coin_comes_in__the_amount_and_the_fee_go_along(self, client: Client, wire: Wire) -> None:
        wallet, quote = wire.wallet("provider"), client.quote("avalanche", "AVAX", "3", "ethereum", "USDC")
        (step,) = client.dry_run(wallet, quote).steps
        fee = price(wire.scene, AVALANCHE, ETHEREUM)
        assert step.value_wei == 3 * 10**18 + fee * GWEI
        event = requested(wire.scene, AVALANCHE, client.swap(wallet, quote).tx_hash)
        assert (event.request.native_fee_gwei, event.request.amount) == (fee, 3 * 10**18)

    def test_swap__a_rise_counts_before_it_may_be_mined__covers_it(self, client: Client, wire: Wire) -> None:
        scene, wallet, system = wire.scene, wire.wallet(), wire.scene.pipeline.system
        quote = client.quote("polygon", "USDC", "20", "bsc", "USDC")
        with system.world.isolated():  # the node takes no step meanwhile
            before = price(scene, POLYGON, BSC)
            system.bridges[POLYGON].tokens.set_prices(system.world.roles.setter, {int(BSC): before * 3 // 2})
            assert client.dry_run(wallet, quote).fee_wei == before * GWEI, "an hour is longer than a call takes"
            system.world[POLYGON].advance_time(HOUR - PRICE_SECONDS // 2)
            assert price(scene, POLYGON, BSC) == before
            assert client.dry_run(wallet, quote).fee_wei == before * 3 // 2 * GWEI


class TestKeys:
    def test_request_key__by_a_transaction__the_account_has_it_and_nobody_signs_a_consent(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        friend = wire.wallet("recipient")
        client.accounts.wait(client.accounts.transfer(alice, "USDC", "20", friend.address))
        device = Device(friend.signer)
        owner, paid = Wallet(device, layer2_seed=b"\x07" * 32), fees(client, USDC)
        client.accounts.request_key(owner, "bsc")
        key_hash = compute_public_key_hash(owner.layer2_key(client.book().deployment_hash).public_key)
        wire.scene.pipeline.run_until(lambda: client.accounts.find(owner).public_key_hash == str(key_hash))
        assert (device.asked, fees(client, USDC)) == (0, paid), "it costs coin at the door, and nothing else"
        client.accounts.wait(client.accounts.transfer(owner, "USDC", "5", alice.address))

    def test_request_key__no_account_or_no_coin__says_so_and_sends_nothing(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        with pytest.raises(NoAccountYet):
            client.accounts.request_key(wire.wallet("attacker"), "polygon")
        poor = poor_owner(client, alice, 7)
        wire.sent.clear()
        with pytest.raises(TokensShort) as short:
            client.accounts.request_key(poor, "polygon")
        assert short.value.needed == price(wire.scene, POLYGON, Door.KEY_REQUEST) * GWEI > short.value.found == 0
        assert "polygon eth_sendRawTransaction" not in wire.sent

    def test_set_key__fees_in_two_tokens__paid_in_the_first_that_the_account_has(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        owner = Wallet.from_key(b"\x08" * 32)
        client.accounts.deposit(wire.wallet(), "bsc", "BTC", "0.01", owner=owner.address)
        client.accounts.wait_balance(owner, "BTC", "0.01")
        assert client.book().deployment.fee_tokens[0] != BTC
        before = fees(client, BTC)
        client.accounts.wait(client.accounts.set_key(owner))
        assert fees(client, BTC) - before == 10**6 - balance(client, owner, BTC) > 0


class TestFees:
    def test_transfer__to_owners_with_and_without_an_account__the_least_is_paid(
        self, client: Client, alice: Wallet
    ) -> None:
        newcomer, paid = Wallet.from_key(b"\x09" * 32), []
        for _ in range(2):
            before = fees(client, USDC)
            client.accounts.wait(client.accounts.transfer(alice, "USDC", "10", newcomer.address))
            paid.append(fees(client, USDC) - before)
        opening, plain = paid
        assert opening > plain > 0

    def test_transfer__the_node_names_less_than_it_takes__its_own_error(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        wire.lie("/v1/fees", lambda answer: {**answer, "least_fee": "1"})
        with pytest.raises(FeeTooLow) as refused:
            client.accounts.transfer(alice, "USDC", "10", alice.address)
        assert (refused.value.fee, refused.value.token) == (1, USDC) and refused.value.least > 1

    def test_order__the_node_names_less_than_its_book_takes__its_own_error(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        wire.lie("/v1/fee-rate", lambda answer: {**answer, "least_fee_rate": 0})
        with pytest.raises(FeeTooLow):
            client.accounts.order(alice, "USDC", "100", "BTC", "0.5", slot=5)
        wire.lies.clear()
        id = client.accounts.order(alice, "USDC", "100", "BTC", "0.5", slot=5)
        assert [order.id for order in client.accounts.find(alice).orders] == [id]

    def test_claim_fees__of_the_operators_account__moves_them_there(
        self, client: Client, alice: Wallet, wire: Wire
    ) -> None:
        operator = wire.wallet("operator")
        client.accounts.deposit(alice, "polygon", "USDC", "10", owner=operator.address)
        client.accounts.wait_balance(operator, "USDC", "10")
        client.accounts.wait(client.accounts.set_key(operator))
        held, earned = balance(client, operator), fees(client, USDC)
        done = client.accounts.wait(client.accounts.claim_fees(operator, "USDC", earned))
        assert done.state == "sealed"
        assert (balance(client, operator), fees(client, USDC)) == (held + earned, 0)


def test_swap__the_wrapped_coins_contract_would_be_paid__refused(client: Client, wire: Wire) -> None:
    wrapped = wire.scene.pipeline.system.bridges[BSC].tokens.wrapped()
    quote = client.quote("polygon", "USDC", "20", "bsc", "USDC")
    with pytest.raises(RecipientIsToken, match=wrapped):
        client.swap(wire.wallet(), quote, recipient=wrapped)
