"""What a keeper pushes to those who could not be paid, the fees that it collects, and what exodus gives back of fees.
Real contracts; proofs are believed.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.chains import build_order, send_swap
from tests.support.ending import OTHER, THIRD, USD, K, P, Story
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_events import RequestCancelled
from zklink.l1.contracts.bridge_structs import WEI_PER_GWEI, Fees
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import encode_call
from zklink.protocol.ids import AccountId, Lane
from zklink.recovery import debts
from zklink.recovery.debts import Debts

COIN = 10**18
REFUSE, HONEST = 1, 0


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    found = Story(credulous)
    found.fund()
    found.keep()
    yield found


@pytest.fixture
def refuser(story: Story) -> str:
    """A contract on the primary that refuses coin."""
    client, roles = story.bridge(P).client, story.system.world.roles
    address = client.deploy(roles.deployer, load_contract("AdversarialRecipient"))
    set_mode(story, address, REFUSE)
    return address


def set_mode(story: Story, address: str, mode: int) -> None:
    client, roles = story.bridge(P).client, story.system.world.roles
    contract = client.contract(address, load_contract("AdversarialRecipient"))
    client.send(roles.deployer, encode_call(contract, "set_mode", mode))


def owe(story: Story, owner: str) -> None:
    """A swap of coin, which no pool takes, is refunded to an owner who refuses it."""
    order = build_order(story.system, P, AVAX, COIN, THIRD, USDC)
    send_swap(story.system, P, replace(order, refund_to=owner))
    story.settle(story.read.waiting(P, Lane.SWAP)[-1])
    story.confirm()
    assert story.bridge(P).pending_balance(owner, AVAX) == COIN


def lines(story: Story, about: str) -> list[str]:
    """What a keeper says about something when it looks now."""
    before = len(story.said)
    story.keep()
    return [line for line in story.said[before:] if about in line]


def test_keep__a_contract_refuses_its_coin__a_week_later_it_has_wrapped_coin(story: Story, refuser: str) -> None:
    owe(story, refuser)
    what = f"what was owed of token {AVAX}"
    assert lines(story, refuser) == [f"avalanche: {refuser} refuses {what}: a week later it can be sent wrapped coin"]
    assert lines(story, refuser) == [], "another keeper sends nothing that would revert"
    story.pass_days(6)
    assert lines(story, refuser) == []
    story.pass_days(1.1)
    assert lines(story, refuser) == [f"avalanche: {what} pushed to {refuser} as wrapped coin"]
    wrapped = TokenClient(story.bridge(P).client, story.bridge(P).tokens.wrapped())
    assert wrapped.balance(refuser) == COIN
    assert story.bridge(P).pending_balance(refuser, AVAX) == 0
    assert lines(story, refuser) == []


def test_keep__the_owner_takes_coin_again__gets_it(story: Story, refuser: str) -> None:
    owe(story, refuser)
    set_mode(story, refuser, HONEST)
    assert lines(story, refuser) == [f"avalanche: what was owed of token {AVAX} pushed to {refuser}"]
    assert story.bridge(P).client.balance(refuser) == COIN


def test_push_next__paid_and_owed_again__not_kept_waiting(story: Story, refuser: str) -> None:
    owe(story, refuser)
    set_mode(story, refuser, HONEST)
    account, found = story.system.world.roles.stranger, Debts(story.bridge(P), 0)
    assert found.push_next(account) is not None
    set_mode(story, refuser, REFUSE)
    owe(story, refuser)
    set_mode(story, refuser, HONEST)
    assert found.push_next(account) is not None
    assert story.bridge(P).client.balance(refuser) == 2 * COIN


def test_push_next__the_same_keeper__waits_a_week_and_asks_the_chain_only_then(
    story: Story, refuser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(story, refuser)
    bridge, account = story.bridge(P), story.system.world.roles.stranger
    found = Debts(bridge, story.system.deployment.chains[P].from_block)
    assert found.push_next(account) is not None
    asked = list[str]()

    def read(owner: str, token: int) -> int:
        asked.append(owner)
        return COIN

    monkeypatch.setattr(bridge, "pending_balance", read)
    assert found.push_next(account) is None and asked == []
    story.pass_days(7.1)
    assert found.push_next(account) is not None and asked == [refuser]


def test_keep__fees_are_earned__sent_to_their_recipient(story: Story) -> None:
    bridge, treasury = story.bridge(K), story.system.world.roles.treasury.address
    swap = story.swap(K, OTHER)
    fee = swap.native_fee_gwei * WEI_PER_GWEI
    assert bridge.fees() == Fees(fee, 0)
    before = bridge.client.balance(treasury)
    assert lines(story, "fees") == [], "they are open"
    story.everywhere(swap)
    assert bridge.fees() == Fees(0, fee)
    assert lines(story, "fees") == [f"polygon: {fee} wei of fees sent to their recipient"]
    assert bridge.client.balance(treasury) - before == fee
    assert bridge.fees() == Fees(0, 0)


def test_keep__fees_are_hardly_worth_the_gas__left(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.everywhere(story.swap(K, OTHER))
    earned = story.bridge(K).fees().earned_wei
    factor = earned // (debts.COLLECT_GAS * story.bridge(K).client.gas_price())
    monkeypatch.setattr(debts, "COLLECT_FACTOR", factor + 1)
    assert lines(story, "fees") == []
    monkeypatch.setattr(debts, "COLLECT_FACTOR", factor)
    assert len(lines(story, "fees")) == 1


def test_exodus__requests_that_no_block_has__amounts_and_fees_go_back(story: Story) -> None:
    bridge, depositor = story.bridge(K), story.system.world.roles.depositor
    swap, deposit = story.swap(K, OTHER, 3 * USD), story.deposit(K, 5 * USD)
    for receipt in (
        bridge.full_exit(depositor, AccountId(3), USDC),
        bridge.set_key(depositor, AccountId(3), 99),
    ):
        assert receipt.is_success
    requests = [swap, *story.read.waiting(K, Lane.ACCOUNT)]
    assert deposit in requests and len(requests) == 4
    paid = sum(request.native_fee_gwei for request in requests)
    assert bridge.fees().open_wei == paid * WEI_PER_GWEI > 0
    coin, dollars = bridge.client.balance(depositor.address), story.balance(depositor, K)
    story.run_all()
    events = bridge.exodus.events_named([RequestCancelled], 0, bridge.client.head().number)
    cancelled = {(e.lane, e.request_id): e.fee_gwei for e in events if isinstance(e, RequestCancelled)}
    assert cancelled == {
        (Lane.SWAP if request is swap else Lane.ACCOUNT, request.request_id): request.native_fee_gwei
        for request in requests
    }
    assert bridge.fees().open_wei == 0
    assert bridge.client.balance(depositor.address) - coin == paid * WEI_PER_GWEI
    assert story.balance(depositor, K) - dollars == 8 * USD
