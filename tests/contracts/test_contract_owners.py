"""Owners that are contracts, real ones: each acts as the owner that is bound to its chain, and as nobody else; what it
says of a key it says by a transaction of its own, or by a signature that it accepts there.
"""

import pytest
from eth_abi import encode

from tests.support.drafts.rig import Rig, RigChain
from tests.support.drafts.wallets import Safe, Wallet, deploy_safe, prepare_account
from tests.support.evm import EvmContract, reverts
from tests.support.three_chains import DEPOSITOR, STRANGER, USD, A, C
from tests.support.upholds import upholds
from zklink.bench.third_party.contracts import compile_own
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import ChainId

KEY = 4_711
ACCOUNT = 3
MASK = 1 << (A - 1)
L1_AMOUNT = 10 * 10**6
DELEGATION = b"\xef\x01\x00"
"""What the code of a person's account begins with that delegates to the contract behind it (EIP-7702)."""
FACTORY = """pragma solidity ^0.8.0;
contract NonceFactory {
    function make(bytes memory code) external returns (address made) {
        assembly { made := create(0, add(code, 32), mload(code)) }
    }
}"""
"""A factory whose contracts' addresses depend on its own address and how many it has made, not on what they are: as the
first factories of wallets.
"""


def bound(owner: str, chain: ChainId) -> bytes:
    """A contract's universal address, bound to a chain."""
    return bytes([chain]) + universal_address(owner)[1:]


@pytest.fixture(params=["safe", "account"])
def wallet(rig: Rig, request: pytest.FixtureRequest) -> Wallet:
    """A Safe, or an ERC-4337 account that is not deployed yet."""
    chain = rig[A].evm
    return deploy_safe(chain) if request.param == "safe" else prepare_account(chain)


def exit_as(here: RigChain, wallet: Wallet) -> bytes:
    """The owner as whom the wallet asks for a full exit."""
    wallet.act(here.bridge.address, here.bridge.encode("full_exit", ACCOUNT, USD, bytes(32), MASK))
    return bytes(here.evm.event("FullExitRequested")["owner"])


def deposit_as(here: RigChain, wallet: Wallet, owner: bytes) -> dict[str, object]:
    """The event of a deposit that the wallet makes from its own tokens for an owner."""
    usd = here.token(USD)
    usd.mint(wallet.address, L1_AMOUNT)
    wallet.act(usd.address, usd.encode("approve", here.bridge.address, L1_AMOUNT))
    order = (USD, L1_AMOUNT, owner, 0, wallet.address)
    wallet.act(here.bridge.address, here.bridge.encode("deposit", order))
    return here.evm.event("DepositRequested")


def ask_key(here: RigChain, owner: str, signature: bytes) -> None:
    """A stranger brings the signature of an owner."""
    here.bridge.set_key_by_signature(owner, ACCOUNT, KEY, signature, sender=STRANGER)


# -- by a transaction of its own


@upholds("OWN-1")
def test_full_exit__contract__is_asked_by_the_bound_owner(rig: Rig, wallet: Wallet) -> None:
    assert exit_as(rig[A], wallet) == bound(wallet.address, A)


@upholds("OWN-1")
def test_set_key__contract__is_asked_by_the_bound_owner(rig: Rig, wallet: Wallet) -> None:
    here = rig[A]
    wallet.act(here.bridge.address, here.bridge.encode("set_key", ACCOUNT, KEY))
    event = here.evm.event("KeyRequested")
    assert (event["owner"], event["public_key_hash"]) == (bound(wallet.address, A), KEY)


@upholds("OWN-1")
def test_deposit__contract_for_itself__counts_as_the_owners(rig: Rig, wallet: Wallet) -> None:
    here = rig[A]
    assert deposit_as(here, wallet, bound(wallet.address, A))["by_owner"] is True
    assert deposit_as(here, wallet, bound(wallet.address, C))["by_owner"] is False
    assert deposit_as(here, wallet, universal_address(DEPOSITOR))["by_owner"] is False


@upholds("OWN-1")
def test_deposit__for_a_contract_unbound__is_refused(rig: Rig, wallet: Wallet) -> None:
    """Whether it stands here: before that nobody can tell it from a person."""
    here = rig[A]
    exit_as(here, wallet)  # an account is deployed now
    with reverts("deposit: bind this owner"):
        here.deposit(USD, L1_AMOUNT, owner=universal_address(wallet.address))


@pytest.mark.parametrize(
    ("code", "is_person"),
    [(DELEGATION + bytes(20), True), (bytes(23), False), (bytes(22), False), (b"\1" + DELEGATION + bytes(19), False)],
    ids=["delegation", "as_long", "shorter", "shifted"],
)
def test_deposit__for_an_unbound_owner_with_code__passes_if_it_is_a_persons_delegation(
    rig: Rig, code: bytes, is_person: bool
) -> None:
    """A person whose account delegates to a contract (EIP-7702) is one on every chain."""
    here, usd = rig[A], rig[A].token(USD)
    usd.mint(DEPOSITOR, L1_AMOUNT)
    usd.approve(here.bridge.address, L1_AMOUNT, sender=DEPOSITOR)
    order = (USD, L1_AMOUNT, universal_address(STRANGER), 0, DEPOSITOR)
    with here.evm.other_code(STRANGER, code):
        if is_person:
            here.bridge.deposit(order, sender=DEPOSITOR)
            assert here.evm.event("DepositRequested")["owner"] == universal_address(STRANGER)
        else:
            with reverts("deposit: bind this owner"):
                here.bridge.deposit(order, sender=DEPOSITOR)


@upholds("OWN-1")
def test_owners_person__acts_itself__is_not_the_wallet(rig: Rig) -> None:
    """Who signs for a wallet is another owner than the wallet."""
    here, account = rig[A], prepare_account(rig[A].evm)
    person = account.owner.address
    here.full_exit(ACCOUNT, USD, sender=person)
    assert here.evm.event("FullExitRequested")["owner"] == universal_address(person)


# -- by a signature


def safe_signature(here: RigChain, safe: Safe, count: int | None = None) -> bytes:
    """The Safe's signature of a request for KEY, as the bridge's digest stands now."""
    digest, _ = here.bridge.key_digest(safe.address, ACCOUNT, KEY)
    return safe.sign(encode(["bytes32"], [digest]), count)


@upholds("OWN-1")
def test_set_key_by_signature__safe__is_asked_by_the_bound_owner_once(rig: Rig) -> None:
    here, safe = rig[A], deploy_safe(rig[A].evm)
    signature = safe_signature(here, safe)
    ask_key(here, safe.address, signature)
    assert here.evm.event("KeyRequested")["owner"] == bound(safe.address, A)
    with reverts("key: wallet refused"):
        ask_key(here, safe.address, signature)


@upholds("OWN-1")
def test_set_key_by_signature__safe_of_many__is_asked_by_the_bound_owner(rig: Rig) -> None:
    here, safe = rig[A], deploy_safe(rig[A].evm, owners=40, threshold=40)
    signature = safe_signature(here, safe)
    assert len(signature) == 40 * 65
    ask_key(here, safe.address, signature)
    assert here.evm.event("KeyRequested")["owner"] == bound(safe.address, A)


@upholds("OWN-1")
def test_set_key_by_signature__safe_with_too_few__is_refused(rig: Rig) -> None:
    here, safe = rig[A], deploy_safe(rig[A].evm)
    with reverts("key: wallet refused"):
        ask_key(here, safe.address, safe_signature(here, safe, count=1))


@upholds("OWN-1")
def test_set_key_by_signature__safe_takes_it_back__is_refused(rig: Rig) -> None:
    here, safe = rig[A], deploy_safe(rig[A].evm)
    signature = safe_signature(here, safe)
    safe.act(here.bridge.address, here.bridge.encode("revoke_key_signatures"))
    with reverts("key: wallet refused"):
        ask_key(here, safe.address, signature)


@upholds("OWN-1")
def test_set_key_by_signature__of_the_same_safe_on_another_chain__is_refused(rig: Rig) -> None:
    """The same owners, address and contract: a signature serves one chain."""
    here, safe = rig[A], deploy_safe(rig[A].evm)
    there, twin = rig[C], deploy_safe(rig[C].evm)
    assert safe.address == twin.address
    signature = safe_signature(here, safe)
    with reverts("key: wallet refused"):
        ask_key(there, twin.address, signature)
    ask_key(there, twin.address, safe_signature(there, twin))
    assert there.evm.event("KeyRequested")["owner"] == bound(safe.address, C) != bound(safe.address, A)


@upholds("OWN-1")
def test_set_key_by_signature__account_without_erc_1271__is_refused(rig: Rig) -> None:
    """Such a wallet asks by an operation of its own."""
    here, account = rig[A], prepare_account(rig[A].evm)
    exit_as(here, account)
    with reverts("key: wallet refused"):
        ask_key(here, account.address, bytes(65))


# -- before it stands, and where another one stands


@upholds("OWN-1")
def test_wallet__not_deployed_yet__can_be_credited_and_acts_with_its_first_operation(rig: Rig) -> None:
    here, account = rig[A], prepare_account(rig[A].evm)
    owner = bound(account.address, A)
    with reverts("key: owner has no code"):
        ask_key(here, account.address, bytes(65))
    here.deposit(USD, L1_AMOUNT, owner=owner)
    assert here.evm.event("DepositRequested")["owner"] == owner
    assert not here.evm.code(account.address)
    assert exit_as(here, account) == owner
    assert here.evm.code(account.address)


@upholds("OWN-1")
def test_wallet__credited_unbound_before_it_stands__can_never_act_for_that_owner(rig: Rig) -> None:
    """Nobody can see that the address will be a contract; whoever names it must bind it."""
    here, account = rig[A], prepare_account(rig[A].evm)
    here.deposit(USD, L1_AMOUNT, owner=universal_address(account.address))
    unbound = here.evm.event("DepositRequested")["owner"]
    assert unbound == universal_address(account.address)
    assert exit_as(here, account) != unbound


@upholds("OWN-1")
def test_wallet__calls_out_of_its_constructor__is_bound_as_well(rig: Rig) -> None:
    """It has no code yet, and is not the origin either."""
    here = rig[A]
    call = here.bridge.encode("set_key", ACCOUNT, KEY)
    source = f"""pragma solidity ^0.8.0;
    contract Hasty {{
        constructor(address bridge) {{ (bool ok,) = bridge.call(hex"{call.hex()}"); require(ok); }}
    }}"""
    code = compile_own("Hasty", source).bytecode + encode(["address"], [here.bridge.address])
    factory = here.evm.deploy(STRANGER, compile_own("NonceFactory", FACTORY))
    hasty = factory.make(code, sender=STRANGER)
    assert here.evm.event("KeyRequested")["owner"] == bound(hasty, A)


@upholds("OWN-1")
def test_factory__replayed_on_another_chain__gives_the_thief_another_owner(rig: Rig) -> None:
    """The same address on both chains, and somebody else's contract on the second."""
    here, there = rig[A], rig[C]
    artifact = compile_own("NonceFactory", FACTORY)
    factories = [chain.evm.deploy(STRANGER, artifact) for chain in (here, there)]
    assert factories[0].address == factories[1].address
    mine, thiefs = (
        EvmContract(chain.evm, factory.make(load_contract("TestWallet").bytecode), load_contract("TestWallet"))
        for chain, factory in zip((here, there), factories, strict=True)
    )
    assert mine.address == thiefs.address
    for chain, each in ((here, mine), (there, thiefs)):
        mask = 1 << (chain.chain - 1)
        each.act(chain.bridge.address, chain.bridge.encode("full_exit", ACCOUNT, USD, bytes(32), mask))
        assert chain.evm.event("FullExitRequested")["owner"] == bound(mine.address, chain.chain)
    with reverts("deposit: bind this owner"):
        there.deposit(USD, L1_AMOUNT, owner=universal_address(mine.address))
