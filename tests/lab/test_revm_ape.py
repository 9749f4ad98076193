"""ape on a chain on revm: its accounts, contracts, receipts and reverts work unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.conftest import SPECS
from tests.support.engines import note_engine
from zklink.l1.contract_artifacts import load_contract
from zklink.lab.chain import LocalChain
from zklink.lab.chains import open_chains


@pytest.fixture
def chain() -> Iterator[LocalChain]:
    note_engine("revm")
    with open_chains("revm", SPECS[:1]) as (alpha,), alpha.use():
        yield alpha


@pytest.fixture
def token(chain: LocalChain) -> Any:
    """An ERC-20 token of ape's, deployed by its first test account."""
    from ape import accounts
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    artifact = load_contract("AdversarialToken")
    described = {
        "contractName": artifact.name,
        "abi": artifact.abi_list(),
        "deploymentBytecode": {"bytecode": f"0x{artifact.bytecode.hex()}"},
    }
    container = ContractContainer(contract_type=ContractType.model_validate(described))
    return accounts.test_accounts[0].deploy(container, 6)


def test_contract__deployed_and_called__values_and_receipts(token: Any, chain: LocalChain) -> None:
    from ape import accounts

    owner, other = accounts.test_accounts[0], accounts.test_accounts[1]
    receipt = token.mint(owner, 100, sender=owner)
    token.transfer(other, 30, sender=owner)
    assert (token.decimals(), token.balanceOf(owner), token.balanceOf(other)) == (6, 70, 30)
    assert (receipt.status, receipt.gas_used, receipt.block_number) == (1, chain.w3.eth.get_block(2)["gasUsed"], 2)
    assert owner.nonce == 3
    assert other.balance == chain.w3.eth.get_balance(other.address)


def test_contract__reverts__apes_error_has_the_reason(token: Any) -> None:
    import ape

    owner = ape.accounts.test_accounts[0]
    token.set_mode(3, sender=owner)
    with ape.reverts("adversarial: paused"):
        token.transfer(owner, 0, sender=owner)
    with ape.reverts("adversarial: paused"):
        token.transfer(owner, 0, sender=owner, gas=100_000)
    with ape.reverts("adversarial: paused"):
        token.transfer.call(owner, 0)


def test_transfer__more_than_there_is__apes_error(chain: LocalChain) -> None:
    import ape

    poor = ape.accounts.test_accounts.generate_test_account()
    with pytest.raises(ape.exceptions.AccountsError):
        poor.transfer(ape.accounts.test_accounts[0], 10**18)


def test_provider__powers__snapshots_time_balances_and_impersonation(token: Any, chain: LocalChain) -> None:
    import ape

    provider, owner = chain.provider, ape.accounts.test_accounts[0]
    snapshot = provider.snapshot()
    token.mint(owner, 5, sender=owner)
    provider.set_timestamp(provider.get_block("latest").timestamp + 50)
    provider.mine(2)
    assert provider.get_block("latest").number == 4
    stranger = "0x" + "Ab" * 20
    provider.set_balance(stranger, 10**18)
    with ape.accounts.use_sender(stranger) as sender:
        token.mint(owner, 7, sender=sender)
    assert token.balanceOf(owner) == 12
    provider.restore(snapshot)
    assert (token.balanceOf(owner), provider.get_block("latest").number) == (0, 1)
    with pytest.raises(ape.exceptions.UnknownSnapshotError):
        provider.restore(99)
