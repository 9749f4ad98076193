"""Seeded bugs in the resolver: each makes one test fail, so each check is there for a reason."""

from functools import partial

import pytest

from tests.contracts import test_resolver as resolver
from tests.support.contract_mutants import ContractMutant
from tests.support.drafts.rig import COIN, Rig, payment
from tests.support.three_chains import USD, A, B
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, Kind, TokenId

FILE = "Resolver.vy"
told = resolver.test_resolve__payout__a_solver_fills_it_and_gets_what_it_was_told
named = resolver.test_resolve__payout__everything_names_the_bridge_and_the_token_of_this_chain


def unchecked(condition: str, reason: str, payout: Payout) -> ContractMutant:
    """One check is left out."""
    refused = partial(resolver.test_resolve__what_a_fill_would_refuse__is_refused, payout=payout, reason=reason)
    return ContractMutant("ENT-3", FILE, condition, "True", refused)


# breaks: ENT-3
MUTANTS = {
    "spends-the-whole-amount": ContractMutant(
        "ENT-3", FILE, "(p.amount - p.fill_fee) * token.scale", "p.amount * token.scale", told
    ),
    "pays-without-scale": ContractMutant(
        "ENT-3", FILE, "self._constant(p.amount * token.scale)", "self._constant(p.amount)", told
    ),
    "another-function": ContractMutant("ENT-3", FILE, '"fill(uint256[3],address)"', '"fill(uint256[3])"', told),
    "recipient-is-a-constant": ContractMutant(
        "ENT-3",
        FILE,
        "abi_encode(RECIPIENT_VARIABLE)",
        "abi_encode(convert(64, uint256), convert(1, uint256), convert(0, uint256))",
        told,
    ),
    "lead-of-nothing": ContractMutant(
        "ENT-3", FILE, "abi_encode(constants.FILL_LEAD_SECONDS)", "abi_encode(convert(0, uint256))", told
    ),
    "spender-is-the-recipient": ContractMutant(
        "ENT-3",
        FILE,
        "                    bridge,\n                    interoperable.name(chain.id, recipient),",
        "                    interoperable.name(chain.id, recipient),\n                    bridge,",
        named,
    ),
    "registry-is-the-target": ContractMutant(
        "ENT-3", FILE, "interoperable.name(chain.id, BRIDGE)", "interoperable.name(chain.id, REGISTRY)", named
    ),
    "own-number-of-the-chain": ContractMutant(
        "ENT-3", FILE, "interoperable.name(chain.id, token.token)", "interoperable.name(2, token.token)", named
    ),
    "always-accepted": ContractMutant(
        "ENT-3",
        FILE,
        "number <= last",
        "number > 0",
        resolver.test_resolve__block_not_here_yet__is_sealed_and_later_accepted,
    ),
    "another-key": ContractMutant(
        "ENT-3",
        FILE,
        "keccak256(abi_encode(DEPLOYMENT_HASH, payout))",
        "keccak256(abi_encode(payout))",
        resolver.test_resolve__block_not_here_yet__is_sealed_and_later_accepted,
    ),
    "no-policy": ContractMutant(
        "ENT-3",
        FILE,
        'abi_encode("abort", ERROR_PREFIX',
        'abi_encode("ignore", ERROR_PREFIX',
        partial(
            resolver.test_step__somebody_was_faster__reverts_as_the_policy_says_and_spends_nothing, is_executed=False
        ),
    ),
    "filled-not-asked": ContractMutant(
        "ENT-3",
        FILE,
        "filler == empty(address)",
        "True",
        partial(
            resolver.test_step__somebody_was_faster__reverts_as_the_policy_says_and_spends_nothing, is_executed=True
        ),
    ),
    "frozen-not-asked": ContractMutant(
        "ENT-3",
        FILE,
        "is_known or not staticcall IBridge(BRIDGE).is_frozen()",
        "True",
        resolver.test_resolve__frozen_chain__promises_no_block_that_is_not_here,
    ),
    "any-length": ContractMutant(
        "ENT-3",
        FILE,
        "len(payload) == PAYLOAD_BYTES",
        "len(payload) >= PAYLOAD_BYTES",
        partial(resolver.test_resolve__another_length__is_refused, length=129),
    ),
    "unused-bits": ContractMutant(
        "ENT-3",
        FILE,
        "records.is_payout(payout[0], payout[1], payout[2])",
        "True",
        resolver.test_resolve__bit_outside_of_the_layout__is_refused,
    ),
    "any-kind": unchecked(
        "p.kind == constants.SWAP_PAID_KIND or p.kind == constants.WITHDRAW_PAYOUT_KIND",
        "resolver: not a payment",
        payment(B, USD, 10, kind=Kind.SWAP_REFUNDED),
    ),
    "any-chain": unchecked("p.chain_id == convert(CHAIN_ID, uint256)", "resolver: another chain", payment(A, USD, 10)),
    "any-fee": unchecked(
        "p.fill_fee < p.amount", "resolver: fee above amount", payment(B, USD, 10, fill_fee=Amount(10))
    ),
    "any-token": unchecked("token.scale > 0", "resolver: token not here", payment(B, TokenId(999), 10)),
    "coin": unchecked("token.token != tokens.NATIVE", "resolver: pays coin, no token", payment(B, COIN, 10)),
    "any-recipient": unchecked(
        "recipient != empty(address)", "resolver: recipient format", payment(B, USD, 10, recipient=b"\1" * 32)
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
@upholds("ENT-3")
def test_seeded_bug__any__is_caught(session_plain_rig: Rig, name: str) -> None:
    MUTANTS[name].check_is_caught_beside(session_plain_rig)


def test_tests__on_the_product__pass(plain_rig: Rig) -> None:
    for mutant in MUTANTS.values():
        mutant.play(plain_rig)
