"""A committee member signs what it saw final, in the form that the transport checks, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from zklink.protocol.errors import ConflictingAcceptance, NotFinal
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest
from zklink.relayer.member import Acceptance, CommitteeMember

A = ChainId(1)
DEPLOYMENT = bytes([9]) * 32
HASHES = [bytes([number]) * 32 for number in range(5)]


@dataclass
class FakeChain:
    """Acceptances by L1 block, and how far the chain is final."""

    height: int = -1
    events: list[Acceptance] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)

    def confirmed_height(self) -> int:
        return self.height

    def acceptances(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        self.ranges.append((first_block, last_block))
        return [event for event in self.events if first_block <= event.block_number <= last_block]

    def accept(self, number: int, block_number: int, sync_hash: bytes | None = None) -> None:
        self.events.append(Acceptance(BlockNumber(number), sync_hash or HASHES[number], block_number))

    def freeze(self, number: int, block_number: int, sync_hash: bytes | None = None) -> None:
        frozen = Acceptance(BlockNumber(number), sync_hash or HASHES[number], block_number, MessageKind.FRZ)
        self.events.append(frozen)


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def member(chain: FakeChain) -> CommitteeMember:
    return CommitteeMember(Account.from_key(bytes([1]) * 32), {A: chain}, DEPLOYMENT)


def message(number: int, kind: MessageKind = MessageKind.ACC) -> SyncMessage:
    return SyncMessage(A, BlockNumber(number), HASHES[number], kind)


def test_watch__acceptance_not_final_yet__is_not_signed(member: CommitteeMember, chain: FakeChain) -> None:
    chain.accept(1, block_number=10)
    chain.height = 9
    assert member.watch(A) == 0
    with pytest.raises(NotFinal):
        member.sign(message(1))
    chain.height = 10
    assert member.watch(A) == 1
    assert member.messages(A) == (message(1),)
    assert len(member.sign(message(1))) == 65


def test_watch__again__reads_only_new_blocks(member: CommitteeMember, chain: FakeChain) -> None:
    for height in (4, 4, 7):
        chain.height = height
        member.watch(A)
    assert chain.ranges == [(0, 4), (5, 7)]


def test_sign__wrong_hash_number_or_chain__is_refused(member: CommitteeMember, chain: FakeChain) -> None:
    chain.accept(1, block_number=0)
    chain.height = 0
    member.watch(A)
    for wrong in (
        SyncMessage(A, BlockNumber(1), HASHES[2]),
        SyncMessage(A, BlockNumber(2), HASHES[1]),
        SyncMessage(ChainId(2), BlockNumber(1), HASHES[1]),
    ):
        with pytest.raises(NotFinal):
            member.sign(wrong)


def test_sign__final_acceptance__is_eip712_over_the_deployment(member: CommitteeMember, chain: FakeChain) -> None:
    chain.accept(3, block_number=0)
    chain.height = 0
    member.watch(A)
    typed = encode_typed_data(
        {"name": "zkLink sync", "version": "1", "salt": DEPLOYMENT},
        {
            "SyncMessage": [
                {"name": "kind", "type": "uint8"},
                {"name": "sourceChain", "type": "uint8"},
                {"name": "number", "type": "uint64"},
                {"name": "syncHash", "type": "bytes32"},
            ]
        },
        {"kind": 1, "sourceChain": 1, "number": 3, "syncHash": HASHES[3]},
    )
    signature = member.sign(message(3))
    assert Account.recover_message(typed, signature=signature) == member.address
    assert signature[64] in (27, 28)
    assert compute_digest(message(3), DEPLOYMENT) != compute_digest(message(3), bytes(32))


def test_watch__chain_changes_its_word__member_stops(member: CommitteeMember, chain: FakeChain) -> None:
    chain.accept(1, block_number=0)
    chain.height = 0
    member.watch(A)
    chain.accept(1, block_number=1, sync_hash=HASHES[4])
    chain.height = 1
    with pytest.raises(ConflictingAcceptance):
        member.watch(A)
    with pytest.raises(NotFinal):
        member.sign(SyncMessage(A, BlockNumber(1), HASHES[4]))


def test_sign__frozen_chain__only_when_its_freeze_is_final(member: CommitteeMember, chain: FakeChain) -> None:
    chain.accept(2, block_number=5)
    chain.freeze(2, block_number=10)
    chain.height = 9
    member.watch(A)
    with pytest.raises(NotFinal):
        member.sign(message(2, MessageKind.FRZ))
    chain.height = 10
    member.watch(A)
    assert member.messages(A) == (message(2), message(2, MessageKind.FRZ))
    assert member.sign(message(2, MessageKind.FRZ)) != member.sign(message(2))
    with pytest.raises(NotFinal):
        member.sign(message(1, MessageKind.FRZ))


@pytest.mark.parametrize("number", [1, 2])
def test_watch__freeze_with_another_hash_or_number__is_reported(
    member: CommitteeMember, chain: FakeChain, number: int
) -> None:
    chain.accept(1, block_number=3)
    chain.freeze(2, block_number=4)
    chain.freeze(number, block_number=5, sync_hash=HASHES[4])
    chain.height = 5
    with pytest.raises(ConflictingAcceptance):
        member.watch(A)
