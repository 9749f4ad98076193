"""Seeded bugs in who acts as whom: each makes a test with a real wallet fail."""

import pytest

from tests.contracts import test_contract_owners as owners
from tests.support.contract_mutants import ContractMutant
from tests.support.drafts.rig import Rig
from tests.support.drafts.wallets import deploy_safe, prepare_account
from tests.support.three_chains import A
from tests.support.upholds import upholds

ACTING = "modules/acting.vy"


def exit_of_a_safe(rig: Rig) -> None:
    owners.test_full_exit__contract__is_asked_by_the_bound_owner(rig, deploy_safe(rig[A].evm))


def unbound_deposit_for_an_account(rig: Rig) -> None:
    owners.test_deposit__for_a_contract_unbound__is_refused(rig, prepare_account(rig[A].evm))


# breaks: OWN-1
MUTANTS = {
    "contract-acts-as-a-person": ContractMutant(
        "OWN-1", ACTING, "if msg.sender == tx.origin or self._is_delegation(msg.sender):", "if True:", exit_of_a_safe
    ),
    "no-code-is-a-person": ContractMutant(
        "OWN-1",
        ACTING,
        "if msg.sender == tx.origin or self._is_delegation(msg.sender):",
        "if not msg.sender.is_contract or self._is_delegation(msg.sender):",
        owners.test_wallet__calls_out_of_its_constructor__is_bound_as_well,
    ),
    "bound-to-no-chain": ContractMutant(
        "OWN-1",
        ACTING,
        "(convert(chain_id, uint256) << constants.WORD_BITS) | convert(owner, uint256)",
        "(convert(chain_id, uint256) * 0 + (1 << constants.WORD_BITS)) | convert(owner, uint256)",
        owners.test_factory__replayed_on_another_chain__gives_the_thief_another_owner,
    ),
    "unbound-contract-credited": ContractMutant(
        "OWN-1",
        ACTING,
        "return not account.is_contract or self._is_delegation(account)",
        "return True",
        unbound_deposit_for_an_account,
    ),
    "signature-of-too-few": ContractMutant(
        "OWN-1",
        "modules/wallets.vy",
        "is_success and len(answer) == 32 and convert(answer, bytes32) == MAGIC",
        "True",
        owners.test_set_key_by_signature__safe_with_too_few__is_refused,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
@upholds("OWN-1")
def test_seeded_bug__any__is_caught(name: str) -> None:
    MUTANTS[name].check_is_caught()


def test_tests__on_the_product__pass(plain_rig: Rig) -> None:
    for mutant in MUTANTS.values():
        mutant.play(plain_rig)
