"""Seeded bugs in the doors, their fees, fills and pending payments: each guard left out, and the test that notices."""

from functools import partial

import pytest

from tests.contracts import test_bridge_keys as keys
from tests.contracts import test_door_amounts as amounts
from tests.contracts import test_door_fees as fees
from tests.contracts import test_fill_leads as leads
from tests.contracts import test_freeze as freeze
from tests.contracts import test_pending_payments as pending
from tests.support.contract_mutants import ContractMutant, RigTest
from tests.support.drafts.rig import Rig
from tests.support.three_chains import A, C
from tests.support.upholds import upholds

QUEUE, PAYMENTS, SETTLEMENT = "modules/priority_queue.vy", "modules/payments.vy", "modules/settlement.vy"
FEES, REQUESTS, PARTNERS = "modules/door_fees.vy", "modules/requests.vy", "modules/partners.vy"
TOKENS, FILLS, PENDING = "modules/tokens.vy", "modules/fills.vy", "modules/pending_payments.vy"
CUSTODY, WALLETS, RECORDS, BRIDGE, EXODUS = (
    "modules/custody.vy",
    "modules/wallets.vy",
    "modules/records.vy",
    "Bridge.vy",
    "Exodus.vy",
)


def without(promise: str, file: str, guard: str, caught_by: RigTest) -> ContractMutant:
    """A line left out."""
    return ContractMutant(promise, file, guard, "pass", caught_by)


def door(name: str) -> RigTest:
    """The test of a way's price."""
    return partial(fees.test_door__fee__is_at_least_the_price_and_all_of_it_is_in_the_words, way=fees.WAYS[name])


UNSAYABLE = partial(fees.test_door__fee_that_words_cannot_say__is_refused, way=fees.WAYS["swap"])
CONSUMED = partial(fees.test_consume__requests_of_every_kind__their_fees_are_earned_and_no_others, chain=C)
COUNTS = pending.test_push__refusals__from_whom_they_do_not_count_change_nothing
WRAPPED = partial(pending.test_push__coin_refused_for_a_week__goes_out_wrapped, mode=pending.REFUSE)
LEAD = partial(leads.test_fill__lead__earns_its_part_and_the_recipient_gets_the_rest, lead=5)
LATE = partial(leads.test_fill__lead__earns_its_part_and_the_recipient_gets_the_rest, lead=86_400)
TOKEN_HERE = amounts.test_recipient__token_of_this_chain__is_refused_at_every_door
SHORT = amounts.test_token_is_short__nothing_comes_in__until_somebody_makes_it_good
SHORT_BY_PENDING = amounts.test_token_is_short__by_what_is_pending__nothing_comes_in
DUST = partial(amounts.test_swap_up_to__dust__stays_with_the_caller, dust=1)
BURNT = fees.test_full_exit__queue_half_full__burns_a_price_that_doubles
RETURNED = fees.test_cancel_requests__fees__go_back_to_whom_the_request_names
RELEASED = fees.test_release_fee__exodus_contract_alone_on_a_frozen_chain_no_more_than_is_open
WHOLE_GWEI = 'checks.require(fee % WEI_PER_GWEI == 0, "fee: not whole gwei")'
RELEASE = """    partners.check_exodus()
    checks.require(standstill.is_frozen(), "bridge: not frozen")
"""

# breaks: SOL-1, SOL-4, SOL-5, SOL-6, SOL-7, SOL-9, EXI-2, EXI-3, QUE-2, CIR-6
MUTANTS = {
    "no-price": ContractMutant("SOL-1", FEES, "fee_gwei >= price_gwei", "True", door("deposit")),
    "part-of-a-gwei": without("SOL-1", FEES, WHOLE_GWEI, UNSAYABLE),
    "fee-beyond-its-bits": without("SOL-1", FEES, 'checks.require(fee_gwei < FEE_LIMIT, "fee: too large")', UNSAYABLE),
    "price-for-the-fee": ContractMutant(
        "SOL-1", FEES, "    return fee_gwei\n", "    return price_gwei\n", door("set_key")
    ),
    "fee-not-in-the-books": ContractMutant("SOL-1", QUEUE, "1 | (fee_gwei << FEES_SHIFT)", "1", door("full_exit")),
    "swap-fee-not-in-the-words": ContractMutant(
        "SOL-1", RECORDS, "(fee_gwei << constants.SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT)\n        | ", "", door("swap")
    ),
    "crowd-burns-nothing": ContractMutant(
        "QUE-2", FEES, "CROWDED_EXIT_PRICE) << steps", "CROWDED_EXIT_PRICE) & steps & 0", BURNT
    ),
    "crowd-does-not-double": ContractMutant("QUE-2", FEES, " << steps", "", BURNT),
    "burnt-is-a-fee": ContractMutant("SOL-1", REQUESTS, "unsafe_mul(burnt_gwei, door_fees.WEI_PER_GWEI)", "0", BURNT),
    "more-fees-than-open": without(
        "SOL-1",
        QUEUE,
        'checks.require(fee_gwei <= self.open_fees(lane), "queue: more fees than open")',
        fees.test_consume__broken_history__earns_no_more_than_is_open,
    ),
    "fees-stay-open": without(
        "SOL-1", BRIDGE, "priority_queue.close_fees(convert(lane, uint256), fees_gwei)", CONSUMED
    ),
    "nothing-earned": without("SOL-1", BRIDGE, "door_fees.earn(fees_gwei)", CONSUMED),
    "history-forgets-fees": ContractMutant("SOL-1", SETTLEMENT, "requests >> slices.FEES_SHIFT", "0", CONSUMED),
    "swap-fees-not-summed": ContractMutant(
        "SOL-1",
        "modules/swap_slices.vy",
        "slices.ONE_REQUEST | (records.swap_fee(w[2]) << slices.FEES_SHIFT)",
        "slices.ONE_REQUEST",
        CONSUMED,
    ),
    "account-fees-not-summed": ContractMutant(
        "SOL-1",
        "modules/account_slices.vy",
        "slices.ONE_REQUEST | (fee_gwei << slices.FEES_SHIFT)",
        "slices.ONE_REQUEST",
        CONSUMED,
    ),
    "a-part-pays": ContractMutant(
        "SOL-1",
        "modules/account_slices.vy",
        "                if not is_part:\n                    content.queue_hash = next_hash\n",
        "                if is_part:\n"
        "                    content.requests = unsafe_add(\n"
        "                        content.requests, records.account_request_fee(r[2]) << slices.FEES_SHIFT\n"
        "                    )\n"
        "                else:\n                    content.queue_hash = next_hash\n",
        fees.test_consume__full_exit_served_in_part__pays_when_it_is_served_in_full,
    ),
    "collected-twice": without(
        "SOL-1",
        FEES,
        "self.earned = 0",
        fees.test_collect_fees__by_anybody__pays_all_that_is_earned_to_the_recipient_of_fees,
    ),
    "fees-not-returned": ContractMutant("EXI-2", EXODUS, "if fee_gwei > 0:", "if False:", RETURNED),
    "released-fees-stay-open": without(
        "SOL-1", BRIDGE, "priority_queue.close_fees(convert(lane, uint256), fee_gwei)", RELEASED
    ),
    "anybody-releases": ContractMutant("EXI-2", BRIDGE, RELEASE, "    pass\n", RELEASED),
    "open-after-the-freeze": without(
        "QUE-2",
        BRIDGE,
        "priority_queue.close()",
        partial(freeze.test_freeze__new_requests__are_refused, chain=A),
    ),
    "up-to-is-exact": ContractMutant("SOL-6", REQUESTS, "unsafe_sub(most, most % token.scale)", "most", DUST),
    "short-token-comes-in": without(
        "SOL-7",
        REQUESTS,
        'checks.require(balance >= custody.owed(token_id, token.scale), "bridge: token is short")',
        SHORT,
    ),
    "pending-is-not-owed": ContractMutant("SOL-7", CUSTODY, "if packed >= HAS_PENDING:", "if False:", SHORT_BY_PENDING),
    "pending-is-not-noted": ContractMutant("SOL-7", CUSTODY, "packed |= HAS_PENDING", "pass", SHORT_BY_PENDING),
    "permit-of-the-amount-alone": ContractMutant(
        "SOL-9",
        TOKENS,
        "            permit.value,\n",
        "            permit.value // 2,\n",
        partial(amounts.test_permit__any_value__that_covers_the_amount_works, value=10**6),
    ),
    "permit-with-all-gas": ContractMutant(
        "SOL-9",
        TOKENS,
        "        gas=PERMIT_GAS,\n",
        "",
        amounts.test_permit__token_that_burns_all_gas__costs_a_bounded_part,
    ),
    "reason-swallowed": ContractMutant(
        "SOL-7",
        TOKENS,
        "    if not success and is_strict:\n        raw_revert(answer)\n",
        "",
        amounts.test_pull__token_with_a_reason__is_passed_on,
    ),
    "allowance-not-named": without(
        "SOL-7",
        TOKENS,
        'checks.require(staticcall IERC20(token).allowance(owner, self) >= l1_amount, "tokens: allowance too low")',
        amounts.test_pull__token_without_a_reason__is_told_apart,
    ),
    "balance-not-named": without(
        "SOL-7",
        TOKENS,
        'checks.require(self.balance_of(token, owner) >= l1_amount, "tokens: balance too low")',
        amounts.test_pull__token_without_a_reason__is_told_apart,
    ),
    "swap-to-a-token": without(
        "SOL-9",
        REQUESTS,
        'checks.require(not partners.is_token(recipient), "swap: recipient is a token")',
        TOKEN_HERE,
    ),
    "refund-to-a-token": without(
        "SOL-9", PARTNERS, 'checks.require(not self.is_token(receiver), "bridge: refund to a token")', TOKEN_HERE
    ),
    "fill-to-a-token": without(
        "SOL-9",
        PAYMENTS,
        'checks.require(not partners.is_token(recipient), "fill: recipient is a token")',
        TOKEN_HERE,
    ),
    "refund-to-nobody": without(
        "SOL-4",
        PARTNERS,
        'checks.require(receiver != empty(address) and receiver != self, "bridge: refund address")',
        partial(amounts.test_refund_address__zero_or_the_bridge__is_refused_at_every_door, refund_to="bridge"),
    ),
    "repay-to-unchecked": without(
        "SOL-5",
        PAYMENTS,
        "partners.check_refund(repay_to)",
        partial(leads.test_fill__repay_to_nobody__is_refused, repay_to="bridge"),
    ),
    "caller-is-repaid": ContractMutant(
        "SOL-5",
        PAYMENTS,
        "fills.record(key, repay_to)",
        "fills.record(key, msg.sender)",
        leads.test_fill__repay_to__is_repaid_instead_of_the_caller,
    ),
    "fee-earned-at-once": ContractMutant(
        "SOL-5", PAYMENTS, "fills.earned_fee(filled_at, p.fill_fee)", "p.fill_fee", LEAD
    ),
    "lead-without-a-limit": ContractMutant(
        "SOL-5",
        FILLS,
        "min(unsafe_sub(block.timestamp, filled_at), constants.FILL_LEAD_SECONDS)",
        "unsafe_sub(block.timestamp, filled_at)",
        LATE,
    ),
    "rest-is-kept": without(
        "SOL-5",
        PAYMENTS,
        "self._pay_share(key, p, records.to_receiver(p.recipient, deployment.CHAIN_ID), rest)",
        LEAD,
    ),
    "pull-more-than-there-is": ContractMutant(
        "EXI-3",
        PENDING,
        "l1_amount = min(l1_amount, tokens.balance_of(token, self))",
        "pass",
        pending.test_withdraw__token_that_was_destroyed__what_there_is,
    ),
    "pull-everything": ContractMutant(
        "EXI-3",
        PENDING,
        "min(limit, custody.pending[owner][token_id])",
        "custody.pending[owner][token_id]",
        pending.test_withdraw__in_pieces__each_at_most_what_is_left,
    ),
    "push-as-little-gas": ContractMutant(
        "EXI-3",
        PENDING,
        "gas: uint256 = msg.gas\n",
        "gas: uint256 = 50_000\n",
        pending.test_push__coin__brings_more_gas_than_a_block_does,
    ),
    "any-caller-counts": ContractMutant(
        "EXI-3",
        PENDING,
        "msg.sender == tx.origin and not msg.sender.is_contract and gas >= COUNTED_GAS",
        "gas >= COUNTED_GAS",
        COUNTS,
    ),
    "any-gas-counts": ContractMutant("EXI-3", PENDING, " and gas >= COUNTED_GAS", " and gas >= RESERVED_GAS", COUNTS),
    "nothing-reserved": ContractMutant(
        "EXI-3",
        PENDING,
        "gas = unsafe_sub(gas, RESERVED_GAS)",
        "pass",
        pending.test_push__owner_that_burns_gas__at_every_gas_the_push_counts_or_fails_as_a_whole,
    ),
    "wrapped-at-once": without("EXI-3", PENDING, 'checks.require(is_due, "push: too early to wrap")', WRAPPED),
    "all-is-wrapped": ContractMutant(
        "EXI-3",
        PENDING,
        "min(l1_amount, noted >> constants.TIME_BITS)",
        "l1_amount",
        pending.test_push__more_owed_since_the_refusal__only_what_was_refused_is_wrapped,
    ),
    "wrapped-and-still-owed": ContractMutant(
        "SOL-1",
        PENDING,
        "unsafe_sub(l1_amount, amount))",
        "l1_amount)",
        WRAPPED,
    ),
    "push-forgets-no-refusal": ContractMutant(
        "EXI-3",
        PENDING,
        "        self.refusals[owner][token_id] = 0\n    else:",
        "        pass\n    else:",
        partial(pending.test_push__paid_in_between__the_week_begins_anew, way="pushed"),
    ),
    "pull-forgets-no-refusal": without(
        "EXI-3",
        PENDING,
        "self.refusals[msg.sender][token_id] = 0",
        partial(pending.test_push__paid_in_between__the_week_begins_anew, way="pulled"),
    ),
    "consent-not-revoked": ContractMutant(
        "CIR-6",
        WALLETS,
        '''    @notice Makes every signature void that the wallet accepts and nobody has used.
    """
    self.counters[owner] += 1
''',
        '''    @notice Makes every signature void that the wallet accepts and nobody has used.
    """
    pass
''',
        keys.test_set_key_by_signature__revoked__is_refused,
    ),
}


@upholds("SOL-1", "SOL-4", "SOL-5", "SOL-6", "SOL-7", "SOL-9", "EXI-2", "EXI-3", "QUE-2", "CIR-6")
class TestDoors:
    """Every guard of a door is there for a case that a test has."""

    @pytest.mark.parametrize("name", MUTANTS)
    def test_door__mutated__is_noticed(self, name: str) -> None:
        MUTANTS[name].check_is_caught()

    def test_tests__on_the_product__pass(self, plain_rig: Rig) -> None:
        for mutant in MUTANTS.values():
            mutant.play(plain_rig)
