"""Seeded bugs in the entry contract: each makes one test fail, so each check is there for a reason."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.contracts import test_entry as entry
from tests.contracts import test_entry_attacks as attacks
from tests.contracts import test_entry_fees as fees
from tests.support.contract_mutants import ContractMutant
from tests.support.drafts.entry_scene import EntryScene, build_entry_scene
from tests.support.drafts.rig import Rig
from tests.support.upholds import upholds
from zklink.l1.contracts.entry import Relay

ENTRY, PULLS, ORDERS = "Entry.vy", "modules/entry_pulls.vy", "modules/entry_orders.vy"


def at_the_entry(test: Callable[[EntryScene], None]) -> Callable[[Rig], None]:
    """The test on an entry with the bug."""
    return lambda rig: test(build_entry_scene(rig))


def caught(
    promise: str, file: str, old: str, new: str, test: Callable[..., None], **arguments: object
) -> ContractMutant:
    return ContractMutant(promise, file, old, new, at_the_entry(partial(test, **arguments)))


def priced(test: Callable[[EntryScene], None]) -> Callable[[EntryScene], None]:
    """The test where doors have a price."""
    return lambda scene: test(fees.set_prices(scene))


# breaks: ENT-1, ENT-2
MUTANTS = {
    "no-lock": caught(
        "ENT-1",
        ENTRY,
        "# pragma nonreentrancy on\n",
        "",
        attacks.test_token__calls_the_entry_while_it_moves__finds_it_locked,
    ),
    "anybody-pays-for-the-caller": caught(
        "ENT-1",
        PULLS,
        "extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True)",
        "extcall IERC20(token).transferFrom(tx.origin, self, amount, default_return_value=True)",
        attacks.test_entry__everything_it_moves__is_the_callers_or_the_signers,
    ),
    "another-relayer": caught(
        "ENT-1",
        ENTRY,
        "relay.relayer == empty(address) or relay.relayer == msg.sender",
        "True",
        entry.test_bring__another_relayer_than_signed__is_refused,
        is_swap=True,
    ),
    "relay-not-signed": caught(
        "ENT-1",
        ORDERS,
        "abi_encode(constants.SWAP_ORDER_TYPE_HASH, order, relay)",
        "abi_encode(constants.SWAP_ORDER_TYPE_HASH, order, relay.relayer_fee, empty(address))",
        attacks.test_relayer__changes_one_field_of_an_order__is_refused,
        is_swap=True,
        name="relayer",
    ),
    "deposit-signed-as-swap": caught(
        "ENT-1",
        ORDERS,
        "abi_encode(constants.DEPOSIT_ORDER_TYPE_HASH, order, relay)",
        "abi_encode(constants.SWAP_ORDER_TYPE_HASH, order, relay)",
        entry.test_bring__signed_order__becomes_the_request_and_pays_the_relayer,
        way=0,
        relay=Relay(),
        is_swap=False,
    ),
    "nonce-of-any-chain": caught(
        "ENT-1",
        ORDERS,
        "abi_encode(chain.id, self, bridge, order_hash)",
        "abi_encode(self.balance * 0 + 137, self, bridge, order_hash)",
        attacks.test_replay__on_another_chain__is_refused,
    ),
    "nonce-of-any-bridge": caught(
        "ENT-1",
        ORDERS,
        "abi_encode(chain.id, self, bridge, order_hash)",
        "abi_encode(chain.id, self, self, order_hash)",
        entry.test_order_nonce__contract_and_product__agree,
    ),
    "nonce-chosen-by-the-relayer": caught(
        "ENT-1",
        ENTRY,
        "nonce: bytes32 = entry_orders.compute_nonce(BRIDGE, entry_orders.hash_swap(order, relay))",
        "nonce: bytes32 = entry_orders.compute_nonce(BRIDGE, empty(bytes32))",
        attacks.test_relayer__changes_one_field_of_an_order__is_refused,
        is_swap=True,
        name="recipient",
    ),
    "arrival-believed": caught(
        "ENT-2",
        ENTRY,
        'assert arrived == before + l1_amount + relayer_fee, "entry: another amount arrived"',
        "pass",
        attacks.test_donation__lies_there__is_taken_by_nobody_and_stops_nobody,
    ),
    "arrival-at-least": caught(
        "ENT-2",
        ENTRY,
        "assert arrived == before + l1_amount + relayer_fee,",
        "assert arrived >= before,",
        entry.test_bring__token_that_charges_on_the_way__is_refused,
    ),
    "leftover-kept": caught(
        "ENT-2",
        ENTRY,
        'assert staticcall IERC20(token).balanceOf(self) == before, "entry: something is left"',
        "pass",
        entry.test_bring__token_that_does_not_do_as_told__is_refused,
        habits=entry.KEEPS_TRANSFER,
        reason="entry: something is left",
    ),
    "standing-allowance": caught(
        "ENT-2",
        ENTRY,
        "    self._approve(token, l1_amount)\n",
        "    self._approve(token, max_value(uint256))\n",
        entry.test_bring__signed_order__becomes_the_request_and_pays_the_relayer,
        way=0,
        relay=Relay(),
        is_swap=True,
    ),
    "allowance-not-zero-first": caught(
        "ENT-2",
        ENTRY,
        "        self._approve(token, 0)\n",
        "        pass\n",
        entry.test_bring__allowance_from_zero_only__is_set_to_zero_first,
    ),
    "fee-to-the-owner": caught(
        "ENT-2",
        ENTRY,
        "transfer(fee_to, relayer_fee, default_return_value=True)",
        "transfer(owner, relayer_fee, default_return_value=True)",
        entry.test_bring__signed_order__becomes_the_request_and_pays_the_relayer,
        way=1,
        relay=Relay(5_000),
        is_swap=True,
    ),
    "refund-to-itself": caught(
        "ENT-2",
        ENTRY,
        'assert refund_to != self, "entry: refund to the entry"',
        "pass",
        entry.test_bring__refund_or_recipient_is_the_entry__is_refused,
    ),
    "paid-to-itself": caught(
        "ENT-2",
        ENTRY,
        "order.destination != CHAIN_ID or not is_own",
        "True",
        entry.test_bring__refund_or_recipient_is_the_entry__is_refused,
    ),
    "credited-to-itself": caught(
        "ENT-2",
        ENTRY,
        "convert(order.owner, uint256) != bound",
        "True",
        entry.test_bring__refund_or_recipient_is_the_entry__is_refused,
    ),
    "donated-coin-pays": caught(
        "ENT-2",
        ENTRY,
        "extcall IBridge(BRIDGE).swap(order, value=msg.value)",
        "extcall IBridge(BRIDGE).swap(order, value=self.balance)",
        priced(partial(fees.test_donation__coin_lies_there__pays_for_nobody, is_swap=True)),
    ),
    "coin-kept": caught(
        "ENT-2",
        ENTRY,
        "extcall IBridge(BRIDGE).deposit(order, value=msg.value)",
        "extcall IBridge(BRIDGE).deposit(order, value=msg.value - msg.value % 1_000_000_000_000)",
        priced(partial(fees.test_bring__with_coin__all_of_it_is_the_requests_fee, way=1, is_swap=False)),
    ),
    "failed-permit-reverts": caught(
        "ENT-1",
        PULLS,
        "    is_moved: bool = extcall IERC20(token).transferFrom(",
        '    assert is_used, "permit: no"\n    is_moved: bool = extcall IERC20(token).transferFrom(',
        attacks.test_griefer__submits_the_dai_permit_first__stops_nobody,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
@upholds("ENT-1", "ENT-2")
def test_seeded_bug__any__is_caught(session_plain_rig: Rig, name: str) -> None:
    MUTANTS[name].check_is_caught_beside(session_plain_rig)


def test_tests__on_the_product__pass(plain_rig: Rig) -> None:
    for mutant in MUTANTS.values():
        mutant.play(plain_rig)
