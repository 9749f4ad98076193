"""What contracts offer to tokens, wallets, verifiers and receivers that they call, and what they take from them: gas to
the unit, so much of an answer, and whether who is asked may change anything.

Whoever is called may need all the gas that it is offered, and gets no more: it does not use up what its caller needs.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.support.drafts.entry_scene import SIGNER, EntryScene, register
from tests.support.drafts.escape import Exit, make_escaping
from tests.support.drafts.rig import COIN, Rig, RigChain, config, payment
from tests.support.evm import EvmContract, Reverted, reverts
from tests.support.gas_gate import COIN as NO_DATA
from tests.support.gas_gate import create, deploy_gate, open_token, selector
from tests.support.three_chains import DEPOSITOR, GOVERNOR, RECIPIENT, STRANGER, USD, ZERO, A, B
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import ChainId, Lane, TokenId

GATED = TokenId(20)
MAGIC = 0x1626BA7E << 224
REASON_BYTES = 512
READ, TRANSFER, COIN_PUSH, PERMIT, WALLET = 100_000, 150_000, 50_000, 200_000, 500_000
STIPEND = 2_300
"""What the machine adds to the gas of a call with coin."""

DECIMALS, BALANCE = selector("decimals()"), selector("balanceOf(address)")
SEND = selector("transfer(address,uint256)")
PERMIT_2612 = selector("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)")
PERMIT_DAI = selector("permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)")
CHECK_PROOFS = selector("check_proofs(uint256[8][],uint256[4][])")
SIGNATURE = selector("isValidSignature(bytes32,bytes)")


def deploy_token(here: RigChain, gas: Mapping[bytes, int]) -> EvmContract:
    """A token behind a gate."""
    artifact = open_token()
    gate = deploy_gate(here.evm, here.evm.deploy(STRANGER, artifact).address, gas)
    here.evm.contracts[gate] = EvmContract(here.evm, gate, artifact)
    return here.evm.contracts[gate]


@pytest.mark.parametrize("name", [DECIMALS, BALANCE, SEND], ids=["decimals", "balanceOf", "transfer"])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_register__questions__are_asked_with_just_their_gas(rig: Rig, name: bytes, more: int) -> None:
    here, gas = rig[A], TRANSFER if name == SEND else READ
    token = deploy_token(here, {name: gas + more})
    outcome = ""
    try:
        here.registry.register_token(GATED, config(USD, token.address, layer2_decimals=0), sender=GOVERNOR)
    except Reverted as error:
        outcome = error.reason
    if name == SEND:  # a token that refuses it is noted as one
        assert (outcome, here.registry.token_config(GATED)[5] == 0) == ("", more == 0)
    else:
        what = "decimals" if name == DECIMALS else "balance"
        assert outcome == ("" if more == 0 else f"registry: {what} not readable")


def test_register__token_that_needs_all_of_its_gas__is_never_said_to_refuse(rig: Rig) -> None:
    """Whatever gas the call is sent with."""
    here = rig[A]
    token = deploy_token(here, {SEND: TRANSFER})
    call = config(USD, token.address, layer2_decimals=0)
    outcomes = set()
    for gas in range(100_000, 600_000, 4_000):
        with here.evm.rollback():
            try:
                here.registry.register_token(GATED, call, sender=GOVERNOR, gas=gas)
            except Reverted as error:
                outcomes.add(error.reason if error.reason.startswith("registry") else "")
            else:
                outcomes.add("done")
                assert here.registry.token_config(GATED)[5] == 0
    assert {"registry: too little gas", "done"} <= outcomes


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_push__token__is_asked_with_just_its_gas(rig: Rig, more: int) -> None:
    here = rig[A]
    token = deploy_token(here, {SEND: TRANSFER + more})
    register(here, GATED, token.address, 0)
    token.mint(DEPOSITOR, 10**6)
    token.approve(here.bridge.address, 10**6, sender=DEPOSITOR)
    here.bridge.deposit((GATED, 10**6, universal_address(DEPOSITOR), 0, DEPOSITOR), sender=DEPOSITOR)
    rig.pay(payment(A, GATED, 5_000))
    rig.execute(A, 1)
    assert here.bridge.pending_balance(RECIPIENT, GATED) == (0 if more == 0 else 5_000)
    assert token.balanceOf(RECIPIENT) == (5_000 if more == 0 else 0)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_push__coin__is_paid_with_just_its_gas(rig: Rig, more: int) -> None:
    here = rig[A]
    receiver = deploy_gate(here.evm, ZERO, {NO_DATA: COIN_PUSH + STIPEND + more})
    rig.pay(payment(A, COIN, 5_000, recipient=universal_address(receiver)))
    rig.execute(A, 1)
    amount = 5_000 * here.scale(COIN)
    assert here.bridge.pending_balance(receiver, COIN) == (0 if more == 0 else amount)
    assert here.evm.balance(receiver) == (amount if more == 0 else 0)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_permit__of_the_bridge__is_submitted_with_just_its_gas(rig: Rig, more: int) -> None:
    here = rig[A]
    token = deploy_token(here, {PERMIT_2612: PERMIT + more})
    register(here, GATED, token.address, 0)
    token.mint(DEPOSITOR, 10**6)
    order = (GATED, 10**6, universal_address(DEPOSITOR), 0, DEPOSITOR)
    permit = (10**6, here.evm.time, 27, bytes(32), bytes(32))
    if more == 0:
        here.bridge.deposit_with_permit(order, permit, sender=DEPOSITOR)
    else:
        with pytest.raises(Reverted):
            here.bridge.deposit_with_permit(order, permit, sender=DEPOSITOR)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_dai_permit__of_the_entry__is_submitted_with_just_its_gas(scene: EntryScene, more: int) -> None:
    token = deploy_token(scene.here, {PERMIT_DAI: PERMIT + more})
    register(scene.here, GATED, token.address, 0)
    token.mint(SIGNER.address, 10**12)
    permit = (0, 0, 27, bytes(32), bytes(32))
    if more == 0:
        scene.bring_dai(scene.swap_order(GATED), permit)
        assert token.balanceOf(SIGNER.address) == 0
    else:
        with pytest.raises(Reverted):
            scene.bring_dai(scene.swap_order(GATED), permit)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_wallet__asked_for_its_signature__gets_just_its_gas(rig: Rig, more: int) -> None:
    here, artifact = rig[A], load_contract("TestWallet")
    gate = deploy_gate(here.evm, here.evm.deploy(STRANGER, artifact).address, {SIGNATURE: WALLET + more})
    wallet, key, signature = EvmContract(here.evm, gate, artifact), 4_711, b"yes"
    wallet.expect(here.bridge.key_digest(gate, 3, key)[0], signature)
    if more == 0:
        here.bridge.set_key_by_signature(gate, 3, key, signature, sender=STRANGER)
        assert here.evm.event("KeyRequested")["public_key_hash"] == key
    else:
        with reverts("key: wallet refused"):
            here.bridge.set_key_by_signature(gate, 3, key, signature, sender=STRANGER)


# -- how much of an answer


@pytest.mark.parametrize(("given", "passed_on"), [(1, 1), (511, 511), (512, 512), (513, 512), (2_000, 512)])
def test_pull__reason_of_a_token__is_passed_on_up_to_its_bound(rig: Rig, given: int, passed_on: int) -> None:
    here = rig[A]
    token = here.evm.deploy(STRANGER, open_token())
    register(here, GATED, token.address, 0)
    token.set_reason_bytes(given)
    with pytest.raises(Reverted) as caught:
        here.bridge.deposit((GATED, 10**6, universal_address(DEPOSITOR), 0, DEPOSITOR), sender=DEPOSITOR)
    assert len(bytes.fromhex(caught.value.reason)) == passed_on


# -- who is asked changes nothing


def write_and_answer(word: int) -> bytes:
    """Code that writes to its storage whenever it is called, and answers a word."""
    return bytes.fromhex(f"60015f557f{word:064x}5f5260205ff3")


def test_exit__verifier_that_writes__is_refused(rig: Rig) -> None:
    here = make_escaping(rig)[A]
    leaving, root = Exit(3, USD, A, universal_address(DEPOSITOR), 4_000), here.exodus.exit_root()
    with here.evm.other_code(here.exit_verifier.address, write_and_answer(1)), pytest.raises(Reverted):
        leaving.send(here, root, DEPOSITOR)
    assert not here.exodus.is_exited(3, USD)
    leaving.send(here, root, DEPOSITOR)


@pytest.mark.parametrize("lane", Lane)
def test_accept__verifier_that_writes__is_refused(rig: Rig, lane: Lane) -> None:
    here, writer = rig.primary, write_and_answer(1)
    verifiers = {Lane.SWAP: here.swap_verifier.address, Lane.ACCOUNT: here.account_verifier.address}
    assert len(set(verifiers.values())) == 2
    (link,) = rig.extend(rig.draft(lane=lane))
    call = rig.accept_call()
    with here.evm.other_code(verifiers[lane], writer), pytest.raises(Reverted):
        here.accept(call)
    assert here.tip().number == 0
    with here.evm.other_code(verifiers[Lane(3 - lane)], writer):  # it is not asked about nothing
        here.accept(call)
    assert here.tip().sync_hash == link.sync_hash


def test_wallet__that_writes_while_it_is_asked__is_refused(rig: Rig) -> None:
    here = rig[A]
    wallet = create(here.evm, write_and_answer(MAGIC))
    with reverts("key: wallet refused"):
        here.bridge.set_key_by_signature(wallet, 3, 4_711, b"yes", sender=STRANGER)


def test_register__token_that_writes_while_it_is_asked__is_refused(rig: Rig) -> None:
    here = rig[A]
    always = create(here.evm, write_and_answer(6))
    with reverts("registry: decimals not readable"):
        here.registry.register_token(GATED, config(USD, always), sender=GOVERNOR)
    only_with_arguments = bytes.fromhex("3660041015600c5760015f555b60065f5260205ff3")
    asked_of_somebody = create(here.evm, only_with_arguments)
    with reverts("registry: balance not readable"):
        here.registry.register_token(GATED, config(USD, asked_of_somebody), sender=GOVERNOR)


# -- what a verifier is asked


def only_for(call: bytes) -> bytes:
    """Code that stops for exactly this call, and reverts for any other."""
    return bytes.fromhex(f"365f5f37365f207f{keccak(call).hex()}14602f57" + "5f5ffd" + "5b00")


@pytest.mark.parametrize("chain", [A, B])
def test_enter__several_blocks__each_verifier_is_asked_once_for_its_proofs_and_inputs(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    drafts = [rig.draft(lane=Lane.ACCOUNT if i % 3 == 1 else Lane.SWAP) for i in range(5)]
    proofs = [tuple(100 * i + k for k in range(8)) for i in range(5)]
    links = rig.extend(*(replace(d, block=replace(d.block, proof=p)) for d, p in zip(drafts, proofs, strict=True)))
    with ExitStack() as stack:
        for lane, verifier in ((Lane.SWAP, here.swap_verifier), (Lane.ACCOUNT, here.account_verifier)):
            numbers = [i for i, link in enumerate(links) if link.lane is lane]
            inputs = [links[i].preimage.inputs().as_tuple() for i in numbers]
            asked = CHECK_PROOFS + encode(["uint256[8][]", "uint256[4][]"], [[proofs[i] for i in numbers], inputs])
            stack.enter_context(here.evm.other_code(verifier.address, only_for(asked)))
        if chain == B:
            here.accept(rig.accept_call())
        else:
            here.import_blocks(rig.import_call(chain))
    assert here.tip().number == 5
