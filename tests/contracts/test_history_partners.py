"""What a history is made of: its constructor, its partners, and the proofs that it asks each lane's verifier for."""

import pytest

from tests.support.compile_vyper import load
from tests.support.drafts.rig import DATA, DESIGNS, GENESIS_ROOT, SIZES, Rig, RigChain, payment
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, PRIMARY, STRANGER, USD, A, B, deploy_three_chains
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.ids import MAX_CHAINS, ChainId, Kind, Lane

assert PRIMARY == B
BOTH_KINDS = pytest.mark.parametrize("chain", [A, B])
NAMES = {A: "MemberHistory", B: "PrimaryHistory"}
SELF = "0x" + "77" * 20
PARTS = ("bridge", "groups", "end", "exodus", "swap_verifier", "account_verifier")


def arguments_of(rig: Rig, chain: ChainId) -> list[object]:
    """What the product has given to the history's constructor."""
    entries = [
        (k, here.evm.evm_chain_id, 1, bytes(12) + bytes.fromhex(here.bridge.address[2:]))
        for k, here in rig.chains.items()
    ]
    parts = tuple(getattr(rig[chain], name).address for name in PARTS)
    sizes = (SIZES.token_limit, SIZES.account_limit, GENESIS_ROOT)
    return [chain, PRIMARY, entries, parts, *sizes, rig[chain].exodus.vk_hash()]


def with_part(arguments: list[object], name: str, address: str) -> list[object]:
    """The same with another contract in one place."""
    parts = list(arguments[3])  # type: ignore[call-overload]
    parts[PARTS.index(name)] = address
    return [*arguments[:3], tuple(parts), *arguments[4:]]


@BOTH_KINDS
def test_constructor__as_the_product_does_it__is_for_these_partners(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    history = here.evm.deploy(GOVERNOR, load(NAMES[chain]), *arguments_of(rig, chain))
    assert history.deployment_hash() == rig.deployment_hash == here.history.deployment_hash()
    assert history.parts() == tuple(getattr(here, name).address.lower() for name in PARTS)
    assert history.vk_hashes() == (here.swap_verifier.vk_hash(), here.account_verifier.vk_hash())
    assert (history.tip(), history.owed(1)) == (here.history.tip(), bytes(32))
    good = (here.bridge.address, here.end.address, here.exodus.address, rig.deployment_hash)
    assert history.is_for(*good)
    for place in range(4):
        other = bytes(32) if place == 3 else STRANGER
        assert not history.is_for(*good[:place], other, *good[place + 1 :])


@BOTH_KINDS
def test_constructor__greatest_sizes_and_last_chain__are_admitted(rig: Rig, chain: ChainId) -> None:
    arguments = arguments_of(rig, chain)
    arguments[2] = [*arguments[2], (MAX_CHAINS, 1, 1, universal_address(STRANGER))]  # type: ignore[misc]
    arguments[4:6] = [2**16, 2**32]
    history = rig[chain].evm.deploy(GOVERNOR, load(NAMES[chain]), *arguments)
    assert history.deployment_hash() != rig.deployment_hash


def test_constructor__on_the_other_kind_of_chain__is_refused(rig: Rig) -> None:
    with reverts("history: not the primary"):
        rig[A].evm.deploy(GOVERNOR, load("PrimaryHistory"), *arguments_of(rig, A))
    with reverts("history: this is the primary"):
        rig[B].evm.deploy(GOVERNOR, load("MemberHistory"), *arguments_of(rig, B))


@BOTH_KINDS
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("groups", "history: groups have no code"),
        ("swap_verifier", "history: verifier has no code"),
        ("account_verifier", "history: no account verifier"),
        ("bridge", "deployment: wrong own bridge"),
    ],
)
def test_constructor__partner_that_cannot_be__is_refused(rig: Rig, chain: ChainId, name: str, reason: str) -> None:
    with reverts(reason):
        rig[chain].evm.deploy(GOVERNOR, load(NAMES[chain]), *with_part(arguments_of(rig, chain), name, SELF))


# --- proofs ---


@pytest.fixture(scope="module")
def proving() -> Rig:
    """Three chains whose verifiers believe nothing that a test has not found true, one for each lane."""
    base = deploy_three_chains(DESIGNS, ("IdealVerifier", "StatementVerifier"), GENESIS_ROOT, SIZES)
    chains = {here.chain: RigChain(**vars(here)) for here in base}
    return Rig(chains, base.deployment, base.groups, base.replacements, blocks=base.line())


def allow(rig: Rig, chain: ChainId, *numbers: int) -> None:
    """The proofs of these blocks are true."""
    for number in numbers:
        link = rig.blocks[number]
        here = rig[chain]
        verifier = here.swap_verifier if link.lane is Lane.SWAP else here.account_verifier
        verifier.allow(list(link.preimage.inputs().as_tuple()))


def extend(rig: Rig) -> None:
    """Three swap blocks and two of accounts, mixed."""
    withdrawn = payment(A, USD, 5, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words()
    for i in range(5):
        slices = {A: withdrawn, DATA: (i, 2)} if i % 2 else {A: payment(A, USD, 5 + i).words()}
        rig.extend(rig.draft(slices, Lane.ACCOUNT if i % 2 else Lane.SWAP))


@BOTH_KINDS
def test_enter__blocks_of_both_lanes__each_needs_its_own_proof(proving: Rig, chain: ChainId) -> None:
    with proving.rollback():
        extend(proving)
        here = proving[chain]
        call = proving.accept_call(pay=False) if chain == B else proving.import_call(A, pay=False)
        for missing in range(1, 6):
            with proving.rollback():
                allow(proving, chain, *(n for n in range(1, 6) if n != missing))
                with reverts("ideal: not true"):
                    send(here, call)
        allow(proving, chain, *range(1, 6))
        send(here, call)
        assert here.tip().number == 5


def send(here: RigChain, call: AcceptCall | ImportCall) -> None:
    """Give the call to whichever history it is for."""
    if isinstance(call, AcceptCall):
        here.accept(call)
    else:
        here.import_blocks(call)


def test_accept__blocks_that_are_there__are_not_proven_again(proving: Rig) -> None:
    with proving.rollback():
        extend(proving)
        here = proving.primary
        allow(proving, B, 1, 2)
        here.accept(proving.blocks.accept_call(1, 2, pay=False))
        recorder = proving.blocks.accept_call(1, 5, proving.ask_queue, at=2, pay=False)
        with reverts("ideal: not true"):
            here.accept(recorder)
        allow(proving, B, 3, 4, 5)
        here.accept(recorder)
        assert here.tip().number == 5
