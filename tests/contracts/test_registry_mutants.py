"""Seeded bugs in the registry: each makes one test fail, so each rule of tokens and prices is there for a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.contracts import test_prices as prices
from tests.contracts import test_registry as registry
from tests.support.compile_vyper import PLAIN
from tests.support.contract_mutants import CAUGHT, ContractMutant, replace_text
from tests.support.drafts.rig import Rig
from tests.support.evm import EvmChain
from tests.support.three_chains import GOVERNOR, START_TIME, STRANGER, A
from tests.support.upholds import upholds
from zklink.protocol.ids import Door

PRICES, TOKENS = "modules/door_prices.vy", "modules/registered_tokens.vy"
PROBE, REGISTRY = "modules/token_probe.vy", "Registry.vy"


@dataclass(frozen=True)
class PriceMutant:
    """A bug, and the rule of prices that it breaks."""

    file: str
    old: str
    new: str
    caught_by: prices.Check

    def deploy(self) -> prices.Prices:
        """A registry with the bug, on a chain of its own."""
        evm = EvmChain(1, START_TIME, is_roomy=True)
        evm.fund(GOVERNOR)
        return prices.deploy_prices(evm, replace_text(self.file, self.old, self.new))


def refuse(reason: str, kind: int, price: int) -> prices.Check:
    """The setter is refused."""
    return partial(prices.test_set_prices__bad__is_refused, reason=reason, kind=kind, price=price)


# breaks: GOV-6
PRICE_MUTANTS = {
    "rise-counts-at-once": PriceMutant(
        PRICES,
        "block.timestamp + constants.FEE_NOTICE_SECONDS",
        "block.timestamp",
        prices.check_rise_waits_an_hour,
    ),
    "fall-waits": PriceMutant(
        PRICES, "    if price_gwei <= current:\n", "    if False:\n", prices.check_fall_counts_at_once
    ),
    "waiting-rise-counts-when-another-comes": PriceMutant(
        PRICES,
        "self._write(kind, current, price_gwei, counts_from)",
        "self._write(kind, (self.states[kind] >> NEXT_SHIFT) & MASK, price_gwei, counts_from)",
        prices.check_rise_while_a_rise_waits,
    ),
    "notice-is-not-begun-anew": PriceMutant(
        PRICES,
        "    counts_from: uint256 = block.timestamp + constants.FEE_NOTICE_SECONDS\n",
        """    counts_from: uint256 = (self.states[kind] >> FROM_SHIFT) & MASK
    if counts_from <= block.timestamp:
        counts_from = block.timestamp + constants.FEE_NOTICE_SECONDS
""",
        prices.check_rise_while_a_rise_waits,
    ),
    "fall-leaves-the-rise": PriceMutant(
        PRICES,
        "        self._write(kind, price_gwei, price_gwei, block.timestamp)\n        return",
        """        packed: uint256 = self.states[kind]
        self._write(kind, price_gwei, (packed >> NEXT_SHIFT) & MASK, (packed >> FROM_SHIFT) & MASK)
        return""",
        prices.check_fall_takes_a_waiting_rise_back,
    ),
    "more-than-doubled": PriceMutant(
        PRICES,
        'assert price_gwei <= max(2 * base, current), "prices: more than doubled"',
        "pass",
        prices.check_no_more_than_twice,
    ),
    "day-is-not-begun-anew": PriceMutant(
        PRICES,
        "    if price_gwei > peak:\n",
        "    if price_gwei > peak and block.timestamp >= since + constants.DAY:\n",
        prices.check_no_rise_through_midnight,
    ),
    "day-begins-with-the-announcement": PriceMutant(
        PRICES,
        "        since = counts_from\n",
        "        since = block.timestamp\n",
        prices.check_no_more_than_twice,
    ),
    "base-is-the-price-in-effect": PriceMutant(
        PRICES, "    return rise & MASK\n", "    return current\n", prices.check_fall_does_not_make_room
    ),
    "base-is-the-peak": PriceMutant(
        PRICES,
        "self.rises[kind] = base | (peak << PEAK_SHIFT)",
        "self.rises[kind] = max(peak, price_gwei) | (peak << PEAK_SHIFT)",
        prices.check_no_more_than_twice,
    ),
    "peak-is-what-was-announced": PriceMutant(
        PRICES,
        "    self.rises[kind] = base | (peak << PEAK_SHIFT)",
        "    self.rises[kind] = base | (max(peak, price_gwei) << PEAK_SHIFT)",
        prices.check_rise_taken_back_is_no_peak,
    ),
    "peak-is-not-noted": PriceMutant(
        PRICES,
        "        self._note(kind, current, current, block.timestamp)\n",
        "",
        prices.check_price_that_was_there_is_no_new_peak,
    ),
    "low-is-a-base": PriceMutant(
        PRICES,
        "assert price_gwei <= max(2 * base, current)",
        "assert price_gwei <= 2 * max(base, current)",
        prices.check_governors_low_is_no_base,
    ),
    "low-is-not-clamped": PriceMutant(
        PRICES,
        "return max((packed >> LOW_SHIFT) & MASK, min(price_gwei, (packed >> HIGH_SHIFT) & MASK))",
        "return min(price_gwei, (packed >> HIGH_SHIFT) & MASK)",
        prices.check_bounds_hold_at_once,
    ),
    "high-is-not-clamped": PriceMutant(
        PRICES,
        "return max((packed >> LOW_SHIFT) & MASK, min(price_gwei, (packed >> HIGH_SHIFT) & MASK))",
        "return max((packed >> LOW_SHIFT) & MASK, price_gwei)",
        prices.check_bounds_under_a_waiting_rise,
    ),
    "prices-lost-with-bounds": PriceMutant(
        PRICES,
        "kept: uint256 = self.states[kind] & (2**LOW_SHIFT - 1)",
        "kept: uint256 = 0",
        prices.check_bounds_hold_at_once,
    ),
    "bounds-lost-with-prices": PriceMutant(
        PRICES,
        "kept: uint256 = (self.states[kind] >> LOW_SHIFT) << LOW_SHIFT",
        "kept: uint256 = 0",
        prices.check_rise_waits_an_hour,
    ),
    "bounds-are-not-looked-at": PriceMutant(
        PRICES,
        '    assert is_within, "prices: out of bounds"',
        "    pass",
        refuse("prices: out of bounds", prices.KIND, prices.LOW - 1),
    ),
    "any-kind": PriceMutant(
        PRICES,
        'assert 0 < kind and kind < constants.PRICE_KINDS, "prices: unknown kind"',
        "pass",
        refuse("prices: unknown kind", 0, 0),
    ),
    "price-without-bounds": PriceMutant(
        PRICES,
        "    self._check_within(kind, price_gwei)\n    current",
        "    current",
        refuse("prices: out of bounds", int(Door.FULL_EXIT), 1),
    ),
    "bounds-out-of-order": PriceMutant(
        PRICES,
        'assert low <= high, "prices: bounds out of order"',
        "pass",
        prices.test_set_price_bounds__bad__is_refused,
    ),
    "no-lower-bound": PriceMutant(
        PRICES,
        'assert (low == 0) == (high == 0), "prices: no lower bound"',
        "pass",
        prices.test_set_price_bounds__bad__is_refused,
    ),
    "anybody-sets-prices": PriceMutant(
        REGISTRY,
        'assert msg.sender == self.setter, "prices: not the setter"',
        "pass",
        prices.test_set_prices__not_the_setter__is_refused,
    ),
}


def answers(*parts: bytes) -> tuple[bytes, bytes, bytes]:
    """What a token answers to decimals, balanceOf and transfer."""
    first, second, third = parts
    return first, second, third


WORD, YES, NO = registry.WORD, registry.YES, registry.NO
ANSWERS_NO = 'assert is_yes, "registry: transfer answers no"'


def refuse_answers(reason: str, *parts: bytes) -> Callable[[Rig], None]:
    """A token that answers this is refused."""
    return partial(
        registry.test_register__answers_that_could_never_work__are_refused, reason=reason, answers=answers(*parts)
    )


def refuse_config(reason: str, **changes: object) -> Callable[[Rig], None]:
    """A registration of this is refused."""
    return partial(
        registry.test_register__bad_config__is_refused, reason=reason, token_id=registry.NEW, changes=changes
    )


# breaks: SOL-1, SOL-6, SOL-7, GOV-2, GOV-3, GOV-4
TOKEN_MUTANTS = {
    "any-decimals-answer": ContractMutant(
        "GOV-4",
        PROBE,
        'assert success and len(answer) == 32, "registry: decimals not readable"',
        "pass",
        refuse_answers("registry: decimals not readable", WORD + WORD, WORD, YES),
    ),
    "no-balance": ContractMutant(
        "SOL-7",
        PROBE,
        'assert success and len(answer) == 32, "registry: balance not readable"',
        "pass",
        refuse_answers("registry: balance not readable", WORD, b"", YES),
    ),
    "no-code": ContractMutant(
        "SOL-7",
        PROBE,
        'assert token.is_contract, "registry: token has no code"',
        "pass",
        refuse_config("registry: token has no code", token=STRANGER),
    ),
    "no-is-yes": ContractMutant(
        "SOL-7", PROBE, ANSWERS_NO, "pass", refuse_answers("registry: transfer answers no", WORD, WORD, NO)
    ),
    "two-is-yes": ContractMutant(
        "SOL-7",
        PROBE,
        "is_yes = convert(slice(answer, 0, 32), uint256) == 1",
        "is_yes = convert(slice(answer, 0, 32), uint256) != 0",
        refuse_answers("registry: transfer answers no", WORD, WORD, (2).to_bytes(32, "big")),
    ),
    "long-answer-is-yes": ContractMutant(
        "SOL-7",
        PROBE,
        "    if len(answer) == 32:\n",
        "    if len(answer) >= 32:\n",
        refuse_answers("registry: transfer answers no", WORD, WORD, YES + YES),
    ),
    "refusal-not-noted": ContractMutant(
        "GOV-4",
        REGISTRY,
        "        registered_tokens.note_refusal(token_id)\n",
        "        pass\n",
        partial(registry.test_register__transfer_of_nothing_reverts__is_noted, habit=registry.REVERT),
    ),
    "refusal-for-want-of-gas": ContractMutant(
        "GOV-4",
        PROBE,
        'assert msg.gas >= TRANSFER_GAS * 64 // 63 + OVERHEAD_GAS, "registry: too little gas"',
        "pass",
        registry.test_register__too_little_gas__never_says_that_a_token_refuses,
    ),
    "governor-says-what-is-seen": ContractMutant(
        "GOV-4",
        TOKENS,
        'convert(config.token_class, uint256) < constants.CLASS_REFUSES_NOTHING, "registry: unknown class"',
        'True, "registry: unknown class"',
        refuse_config("registry: unknown class", token_class=32),
    ),
    "scale-without-end": ContractMutant(
        "SOL-6",
        TOKENS,
        'checks.require(l1_decimals - layer2_decimals <= MAX_SCALE_DECIMALS, "registry: scale above 10^18")',
        "pass",
        registry.test_register__scale_above_10_to_the_18__is_refused,
    ),
    "loosened-at-once": ContractMutant(
        "GOV-2",
        TOKENS,
        'checks.require(is_tighter, "registry: limits not tighter")',
        "pass",
        registry.test_tighten_token_limits__less_can_come_in__binds_at_once,
    ),
    "pause-is-final": ContractMutant(
        "GOV-3",
        REGISTRY,
        "    self._set_paused(token_id, False)\n",
        "    self._set_paused(token_id, True)\n",
        registry.test_pause_token__and_again__says_so,
    ),
    "anybody-governs": ContractMutant(
        "GOV-2",
        REGISTRY,
        'assert msg.sender == governor, "registry: not the governor"',
        "pass",
        registry.test_governance__stranger__is_refused,
    ),
    "registry-without-a-lock": ContractMutant(
        "SOL-7",
        REGISTRY,
        "# pragma nonreentrancy on\n",
        "",
        partial(registry.test_register__token_reenters__finds_every_door_locked, function="set_setter"),
    ),
    "fees-to-a-token": ContractMutant(
        "SOL-1",
        REGISTRY,
        'assert not self._is_token(account), "registry: fees to a token"',
        "pass",
        registry.test_fee_recipient__token__is_refused_whichever_comes_first,
    ),
    "token-takes-the-fees": ContractMutant(
        "SOL-1",
        REGISTRY,
        'assert config.token != self.fee_recipient, "registry: token takes the fees"',
        "pass",
        registry.test_fee_recipient__token__is_refused_whichever_comes_first,
    ),
    "coin-is-a-token": ContractMutant(
        "SOL-7",
        REGISTRY,
        "if account == empty(address) or account == tokens.NATIVE:",
        "if account == empty(address):",
        registry.test_is_token__registered_and_wrapped__no_other,
    ),
    "nobody-is-a-token": ContractMutant(
        "SOL-7",
        REGISTRY,
        "if account == empty(address) or account == tokens.NATIVE:",
        "if account == tokens.NATIVE:",
        registry.test_is_token__registered_and_wrapped__no_other,
    ),
    "terms-of-another-door": ContractMutant(
        "GOV-2",
        REGISTRY,
        "registered_tokens.get(token_id), door_prices.price(constants.DEPOSIT_PRICE)",
        "registered_tokens.get(token_id), door_prices.price(constants.KEY_REQUEST_PRICE)",
        registry.test_terms__what_a_bridge_asks__in_one_call_each,
    ),
}


@upholds("GOV-6")
@pytest.mark.parametrize("name", PRICE_MUTANTS)
def test_bug__in_the_prices__is_noticed(name: str) -> None:
    mutant = PRICE_MUTANTS[name]
    mutated = mutant.deploy()
    with mutated.evm.rollback(), pytest.raises(CAUGHT):
        mutant.caught_by(mutated)


@pytest.mark.parametrize("name", PRICE_MUTANTS)
def test_rule_of_prices__on_the_product__holds(plain_rig: Rig, name: str) -> None:
    PRICE_MUTANTS[name].caught_by(prices.deploy_prices(plain_rig[A].evm, PLAIN))


@upholds("SOL-6", "SOL-7", "GOV-2", "GOV-3", "GOV-4")
@pytest.mark.parametrize("name", TOKEN_MUTANTS)
def test_bug__in_the_tokens__is_noticed(name: str) -> None:
    TOKEN_MUTANTS[name].check_is_caught()


@pytest.mark.parametrize("name", TOKEN_MUTANTS)
def test_rule_of_tokens__on_the_product__holds(plain_rig: Rig, name: str) -> None:
    TOKEN_MUTANTS[name].play(plain_rig)
