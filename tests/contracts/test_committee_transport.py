"""CommitteeTransport: a majority of distinct members, each counted once, over one message of one deployment."""

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.support.committee import KnownCommittee
from tests.support.drafts.draft import message_args
from tests.support.evm import EvmChain, EvmContract, reverts
from tests.support.three_chains import GOVERNOR, START_TIME, ZERO, A, B, actor
from zklink.l1.contract_artifacts import load_contract
from zklink.protocol.ids import BlockNumber
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest

DEPLOYMENT = bytes([0xD5] * 32)
MESSAGE = SyncMessage(B, BlockNumber(7), bytes([0x5A] * 32))
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

committee = KnownCommittee()


@pytest.fixture(scope="module")
def chain() -> EvmChain:
    """A chain with nothing on it."""
    chain = EvmChain(1, START_TIME)
    chain.fund(GOVERNOR)
    return chain


@pytest.fixture(scope="module")
def transport(chain: EvmChain) -> EvmContract:
    """Three of five."""
    return chain.deploy(GOVERNOR, load_contract("CommitteeTransport"), committee.members, committee.THRESHOLD)


def check(
    transport: EvmContract, evidence: bytes, message: SyncMessage = MESSAGE, deployment: bytes = DEPLOYMENT
) -> None:
    transport.check_message(deployment, message_args(message), evidence)


def digest() -> bytes:
    return compute_digest(MESSAGE, DEPLOYMENT)


@pytest.mark.parametrize("kind", MessageKind)
def test_digest__python_and_vyper_agree(transport: EvmContract, kind: MessageKind) -> None:
    message = replace(MESSAGE, kind=kind)
    assert transport.compute_digest(DEPLOYMENT, message_args(message)) == compute_digest(message, DEPLOYMENT)


def test_check_message__freeze__needs_its_own_signatures(transport: EvmContract) -> None:
    freeze = replace(MESSAGE, kind=MessageKind.FRZ)
    check(transport, committee.evidence(compute_digest(freeze, DEPLOYMENT)), freeze)
    with reverts("committee: not a member"):
        check(transport, committee.evidence(digest()), freeze)


def test_digest__is_what_a_wallet_signs(transport: EvmContract) -> None:
    data = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "salt", "type": "bytes32"},
            ],
            "SyncMessage": [
                {"name": "kind", "type": "uint8"},
                {"name": "sourceChain", "type": "uint8"},
                {"name": "number", "type": "uint64"},
                {"name": "syncHash", "type": "bytes32"},
            ],
        },
        "primaryType": "SyncMessage",
        "domain": {"name": "zkLink sync", "version": "1", "salt": DEPLOYMENT},
        "message": {"kind": 1, "sourceChain": B, "number": 7, "syncHash": MESSAGE.sync_hash},
    }
    signed = [Account.sign_message(encode_typed_data(full_message=data), key.to_bytes()) for key in committee.keys]
    check(transport, b"".join(s.signature for s in signed))


@pytest.mark.parametrize("members", [(0, 1, 2), (0, 2, 4), (2, 3, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4)])
def test_check__enough_members_in_order__passes(transport: EvmContract, members: tuple[int, ...]) -> None:
    check(transport, committee.evidence(digest(), [committee.keys[i] for i in members]))


@pytest.mark.parametrize("members", [(), (0,), (1, 3)])
def test_check__too_few_members__is_refused(transport: EvmContract, members: tuple[int, ...]) -> None:
    with reverts("committee: too few signatures"):
        check(transport, committee.evidence(digest(), [committee.keys[i] for i in members]))


@pytest.mark.parametrize("members", [(0, 0, 0), (0, 1, 1), (1, 0, 2), (0, 2, 1), (4, 3, 2, 1, 0)])
def test_check__member_twice_or_out_of_order__is_refused(transport: EvmContract, members: tuple[int, ...]) -> None:
    with reverts("committee: signer order"):
        check(transport, committee.evidence(digest(), [committee.keys[i] for i in members]))


def test_check__stranger_among_members__is_refused(transport: EvmContract) -> None:
    for keys in (
        [committee.stranger] * 3,
        [*committee.keys[:3], committee.stranger],
        [committee.stranger, *committee.keys],
    ):
        with reverts("committee: not a member"):
            check(transport, committee.evidence(digest(), keys))


@pytest.mark.parametrize(
    "other",
    [
        replace(MESSAGE, source_chain=A),
        replace(MESSAGE, number=BlockNumber(8)),
        replace(MESSAGE, sync_hash=bytes([0x5B] * 32)),
        replace(MESSAGE, kind=2),  # type: ignore[arg-type]
    ],
)
def test_check__signatures_of_another_message__are_refused(transport: EvmContract, other: SyncMessage) -> None:
    with reverts("committee: not a member"):
        check(transport, committee.evidence(digest()), other)


def test_check__signatures_of_another_deployment__are_refused(transport: EvmContract) -> None:
    with reverts("committee: not a member"):
        check(transport, committee.evidence(digest()), deployment=bytes([0xD6] * 32))


def test_check__evidence_of_another_length__is_refused(transport: EvmContract) -> None:
    evidence = committee.evidence(digest())
    for wrong in (evidence[:-1], evidence + b"\0", evidence[:64]):
        with reverts("committee: evidence length"):
            check(transport, wrong)


def test_check__zero_signature__is_nobody(transport: EvmContract) -> None:
    """ecrecover gives the zero address for it."""
    for v in (0, 27, 28, 29):
        with reverts("committee: not a member"):
            check(transport, bytes(64) + bytes([v]) + committee.evidence(digest()))


def test_check__mirrored_signature__is_refused(transport: EvmContract) -> None:
    signature = committee.sign(digest(), committee.keys[0])
    s = int.from_bytes(signature[32:64], "big")
    mirrored = signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    rest = committee.evidence(digest(), committee.keys[1:3])
    check(transport, signature + rest)
    with reverts("committee: large s"):
        check(transport, mirrored + rest)


def test_check__other_recovery_id__is_refused(transport: EvmContract) -> None:
    signature = committee.sign(digest(), committee.keys[0])
    rest = committee.evidence(digest(), committee.keys[1:3])
    for v in (55 - signature[64], signature[64] - 27, 255):
        with reverts("committee: not a member"):
            check(transport, signature[:64] + bytes([v]) + rest)


def test_views__say_who_is_in_it(transport: EvmContract) -> None:
    assert (transport.member_count(), transport.threshold()) == (5, 3)
    assert all(transport.is_member(member) for member in committee.members)
    assert not transport.is_member(ZERO) and not transport.is_member(GOVERNOR)


MEMBERS = [actor(f"member {i}") for i in range(4)]


@pytest.mark.parametrize(
    ("reason", "members", "threshold"),
    [
        ("committee: empty", [], 0),
        ("committee: no majority", MEMBERS, 0),
        ("committee: no majority", MEMBERS, 2),
        ("committee: no majority", MEMBERS[:1], 0),
        ("committee: more than members", MEMBERS, 5),
        ("committee: zero member", [*MEMBERS[:2], ZERO], 2),
        ("committee: member twice", [*MEMBERS, MEMBERS[0]], 3),
    ],
)
def test_deploy__bad_committee__is_refused(chain: EvmChain, reason: str, members: list[str], threshold: int) -> None:
    with reverts(reason):
        chain.deploy(GOVERNOR, load_contract("CommitteeTransport"), members, threshold)


@pytest.mark.parametrize(("size", "threshold"), [(1, 1), (2, 2), (4, 3), (4, 4)])
def test_deploy__majority__is_admitted(chain: EvmChain, size: int, threshold: int) -> None:
    deployed = chain.deploy(GOVERNOR, load_contract("CommitteeTransport"), MEMBERS[:size], threshold)
    assert deployed.threshold() == threshold
