"""ape on a chain on revm: its accounts, contracts, receipts and reverts work unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.conftest import SPECS
from tests.support.engines import note_engine
from tests.support.tries import tries
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


def signed(value: int = 1, tip: int = 0, data: bytes = b"", **more: Any) -> Any:
    """A transaction of ape's that its first test account has signed."""
    from ape import accounts, networks

    owner, other = accounts.test_accounts[0], accounts.test_accounts[1]
    fields = {"receiver": other.address, "sender": owner.address, "value": value, "max_priority_fee": tip, **more}
    transaction = networks.active_provider.network.ecosystem.create_transaction(**fields)
    transaction.data = data
    return owner.sign_transaction(owner.prepare_transaction(transaction))


@tries(40)
@given(st.integers(0, 10**20), st.integers(0, 2 * 10**9), st.binary(max_size=80), st.booleans())
def test_send__any_fields__is_the_transaction_that_ape_itself_would_send(
    value: int, tip: int, data: bytes, is_creation: bool
) -> None:
    with open_chains("revm", SPECS[:1]) as (alpha,), alpha.use():
        transaction = signed(value, tip, data, **({"receiver": None} if is_creation else {}))
        read = alpha.provider._read(transaction)
        assert read is not None
        assert (read.tx_hash, read.value, read.data) == (transaction.txn_hash, value, data)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_send__every_kind_of_transaction__is_mined_with_its_kind(chain: LocalChain, kind: int) -> None:
    from ape import accounts

    owner, other = accounts.test_accounts[0], accounts.test_accounts[1]
    receipt = owner.transfer(other, 7, type=kind)
    shown = chain.w3.eth.get_transaction(receipt.txn_hash)
    assert (receipt.status, shown["type"], shown["value"], shown["from"]) == (1, kind, 7, owner.address)


def test_send__signed_by_another__is_refused_by_ape(chain: LocalChain) -> None:
    import ape

    transaction = signed()
    transaction.sender = ape.accounts.test_accounts[2].address
    with pytest.raises(ape.exceptions.SignatureError):
        chain.provider.send_transaction(transaction)
    assert chain.w3.eth.block_number == 0


def test_send__access_list__reaches_the_chain(chain: LocalChain) -> None:
    entry = {"address": "0x" + "11" * 20, "storageKeys": [bytes(32)]}
    receipt = chain.provider.send_transaction(signed(accessList=[entry], gas=60_000))
    assert receipt.gas_used == 21_000 + 2_400 + 1_900


def test_send__old_nonce__is_apes_error(chain: LocalChain) -> None:
    import ape

    transaction = signed()
    chain.provider.send_transaction(transaction)
    with pytest.raises(ape.exceptions.VirtualMachineError, match="nonce too low"):
        chain.provider.send_transaction(transaction)


def test_connect__apes_configuration__says_the_same_and_is_built_once(chain: LocalChain) -> None:
    network = chain.provider.network
    first = network.config
    assert network.config is first
    assert (first.gas_limit, first.base_fee_multiplier, first.required_confirmations) == ("max", 1.0, 0)
    assert network.ecosystem.default_transaction_type.value == network.ecosystem_config.default_transaction_type == 2


def test_connect__project_that_wants_another_type__gets_it(chain: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    from ape import accounts

    monkeypatch.setattr(chain.provider.network.config, "default_transaction_type", 0)
    chain.provider.connect()
    receipt = accounts.test_accounts[0].transfer(accounts.test_accounts[1], 1)
    assert receipt.type == 0
