"""An owner whose account delegates to a contract (EIP-7702), on a chain that has such transactions: it is a person, and
acts as the unbound owner however its account is called.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from tests.support.upholds import upholds
from zklink.bench.third_party.contracts import load_third_party
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import USDC
from zklink.devnet.world import open_world
from zklink.l1.contracts.bridge_events import DepositRequested, KeyRequested
from zklink.l1.contracts.bridge_structs import DepositOrder, universal_address
from zklink.l1.transport.client import encode_call
from zklink.lab import anvil
from zklink.protocol.ids import AccountId
from zklink.protocol.presets import MINIMAL

HOME = POLYGON.chain_id
ENTRY_POINT = "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108"
"""Where ERC-4337's EntryPoint 0.8 stands on public chains: the delegate's code has this address in it."""
ACCOUNT, KEY = AccountId(3), 4_711
GAS_LIMITS = (2_000_000 << 128 | 6_000_000).to_bytes(32, "big")


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    """Two anvils with the rules of Prague."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anvil, "HARDFORK", "prague")
        with open_world("anvil", (POLYGON, BSC)) as world:
            yield deploy_local_system(world, MINIMAL, primary=BSC.chain_id)


@pytest.fixture(scope="module")
def owner(system: LocalSystem) -> LocalAccount:
    """A person with some coin, whose account delegates to a wallet."""
    client, roles = system.world[HOME].client, system.world.roles
    person: LocalAccount = Account.create()
    client.transfer(roles.deployer, person.address, 10**18)
    delegate = client.deploy(roles.deployer, load_third_party("Simple7702Account"))
    w3, chain_id = client.w3, client.profile.evm_chain_id
    signed = person.sign_authorization({"chainId": chain_id, "address": delegate, "nonce": 0})
    transaction: Any = {
        "type": 4,
        "chainId": chain_id,
        "nonce": w3.eth.get_transaction_count(roles.stranger.address),
        "to": person.address,
        "value": 0,
        "data": b"",
        "gas": 200_000,
        "maxFeePerGas": 2 * w3.eth.gas_price,
        "maxPriorityFeePerGas": w3.eth.gas_price,
        "authorizationList": [signed],
    }
    sent = w3.eth.send_raw_transaction(roles.stranger.sign_transaction(transaction).raw_transaction)
    w3.eth.wait_for_transaction_receipt(sent)
    client.forget_submissions()
    assert bytes(w3.eth.get_code(person.address)) == bytes.fromhex("ef0100" + delegate[2:])
    return person


def owners_of(system: LocalSystem, receipt: Any) -> list[bytes]:
    """As whom keys were asked for in a transaction."""
    events = system.bridges[HOME].events_of(receipt)
    return [event.request.owner for event in events if isinstance(event, KeyRequested)]


@upholds("OWN-1")
def test_delegated_owner__sends_itself__acts_unbound(system: LocalSystem, owner: LocalAccount) -> None:
    receipt = system.bridges[HOME].set_key(owner, ACCOUNT, KEY)
    assert owners_of(system, receipt) == [universal_address(owner.address)]


@upholds("OWN-1")
def test_delegated_owner__called_by_an_entry_point__acts_unbound(system: LocalSystem, owner: LocalAccount) -> None:
    """Somebody else pays the gas of a user operation; the caller of the bridge is the person's account all the same."""
    client, stranger = system.world[HOME].client, system.world.roles.stranger
    made = client.deploy(stranger, load_third_party("EntryPoint"))
    client.w3.provider.make_request("anvil_setCode", [ENTRY_POINT, client.w3.eth.get_code(made).hex()])  # type: ignore[arg-type]
    entry_point = client.contract(ENTRY_POINT, load_third_party("EntryPoint"))
    wallet = client.contract(owner.address, load_third_party("Simple7702Account"))
    call = encode_call(wallet, "execute", *_target(system))
    nonce = client.read(entry_point, "getNonce", owner.address, 0)
    unsigned = (owner.address, nonce, b"", call.data, GAS_LIMITS, 100_000, bytes(32), b"")
    digest = client.read(entry_point, "getUserOpHash", (*unsigned, b""))
    operation = (*unsigned, bytes(owner.unsafe_sign_hash(Hash32(digest)).signature))
    receipt = client.send(stranger, encode_call(entry_point, "handleOps", [operation], stranger.address))
    assert owners_of(system, receipt) == [universal_address(owner.address)]


def _target(system: LocalSystem) -> tuple[str, int, bytes]:
    bridge = system.bridges[HOME]
    return bridge.address, bridge.quote_key_request().value, bridge.encode("set_key", ACCOUNT, KEY).data


@upholds("OWN-1")
def test_delegated_owner__signature_of_its_wallet__is_of_the_bound_owner(
    system: LocalSystem, owner: LocalAccount
) -> None:
    """Another owner: what the wallet accepts on one chain never counts for the person."""
    bridge = system.bridges[HOME]
    digest, _ = bridge.key_digest(owner.address, ACCOUNT, KEY)
    signature = bytes(owner.unsafe_sign_hash(Hash32(digest)).signature)
    receipt = bridge.set_key_by_signature(system.world.roles.stranger, owner.address, ACCOUNT, KEY, signature)
    person = universal_address(owner.address)
    assert owners_of(system, receipt) == [bytes([HOME]) + person[1:]]


@upholds("OWN-1")
def test_delegated_owner__somebody_else_deposits_for_it_unbound__is_taken(
    system: LocalSystem, owner: LocalAccount
) -> None:
    """It has code of a kind that no contract has."""
    bridge, depositor, token = system.bridges[HOME], system.world.roles.depositor, system.token(HOME, USDC)
    order = DepositOrder(USDC, 10**7, universal_address(owner.address))
    token.approve(depositor, bridge.address, order.l1_amount)
    (event,) = bridge.events_of(bridge.deposit(depositor, order))
    assert isinstance(event, DepositRequested) and event.request.owner == universal_address(owner.address)
