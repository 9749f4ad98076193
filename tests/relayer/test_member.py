"""A committee member signs what it saw final, in the form that the transport checks, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from zklink.protocol.errors import ConflictingAcceptance, LogsIncomplete, NotFinal
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest
from zklink.relayer.member import Acceptance, CommitteeMember, Standing

A = ChainId(1)
DEPLOYMENT = bytes([9]) * 32
HASHES = [bytes([number]) * 32 for number in range(5)]


@dataclass
class FakeChain:
    """Acceptances by L1 block, and how far the chain is final."""

    height: int = -1
    events: list[Acceptance] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    answers: list[Callable[[list[Acceptance]], list[Acceptance]]] = field(default_factory=list)
    """What the node makes of its next answers about logs."""

    def confirmed_height(self) -> int:
        return self.height

    def acceptances(self, first_block: int, last_block: int) -> Sequence[Acceptance]:
        self.ranges.append((first_block, last_block))
        shown = [event for event in self.events if first_block <= event.block_number <= last_block]
        return self.answers.pop(0)(shown) if self.answers else shown

    def forget(self) -> None:
        pass

    def standing(self, height: int) -> Standing:
        """As a bridge: its state knows nothing of what a node's logs leave out."""
        final = [event for event in self.events if event.block_number <= height]
        number = max((event.number for event in final), default=BlockNumber(0))
        frozen = any(event.kind is MessageKind.FRZ for event in final)
        return Standing(number, self.sync_hash(number, height), frozen)

    def sync_hash(self, number: BlockNumber, height: int) -> bytes:
        final = (event for event in self.events if event.block_number <= height and event.number == number)
        return max(final, key=lambda event: event.block_number).sync_hash if number else bytes(32)

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


LIES: dict[str, Callable[[list[Acceptance]], list[Acceptance]]] = {
    "nothing": lambda shown: [],
    "the last one is missing": lambda shown: shown[:-1],
    "another hash": lambda shown: [replace(event, sync_hash=HASHES[4]) for event in shown],
    "another number": lambda shown: [replace(event, number=BlockNumber(event.number + 1)) for event in shown],
    "a freeze": lambda shown: [*shown, Acceptance(BlockNumber(2), HASHES[2], 10, MessageKind.FRZ)],
}


@pytest.mark.parametrize("lie", [name for name in LIES if name != "a freeze"])
def test_watch__node_lies_once_about_a_freeze__is_attested_with_the_next_answer(
    member: CommitteeMember, chain: FakeChain, lie: str
) -> None:
    chain.accept(2, block_number=5)
    chain.height = 6
    member.watch(A)
    chain.freeze(2, block_number=10)
    chain.height, chain.answers = 10, [LIES[lie]]
    with pytest.raises(LogsIncomplete):
        member.watch(A)
    with pytest.raises(NotFinal):
        member.sign(message(2, MessageKind.FRZ))
    assert member.watch(A) == 2
    assert member.messages(A) == (message(2), message(2, MessageKind.FRZ))
    assert len(member.sign(message(2, MessageKind.FRZ))) == 65


@pytest.mark.parametrize("lie", LIES)
def test_watch__node_lies_in_its_first_answers__nothing_is_believed(
    member: CommitteeMember, chain: FakeChain, lie: str
) -> None:
    chain.accept(1, block_number=1)
    chain.accept(2, block_number=5)
    chain.height, chain.answers = 10, [LIES[lie]] * 3
    for _ in range(3):
        with pytest.raises(LogsIncomplete):
            member.watch(A)
        assert member.messages(A) == ()
    assert member.watch(A) == 2
    assert member.messages(A) == (message(1), message(2))


def test_sign__log_in_the_middle_was_made_up__the_bridges_own_hash_decides(
    member: CommitteeMember, chain: FakeChain
) -> None:
    chain.accept(1, block_number=1)
    chain.accept(2, block_number=5)
    chain.height, chain.answers = 10, [lambda shown: [replace(shown[0], sync_hash=HASHES[4]), shown[1]]]
    assert member.watch(A) == 2
    with pytest.raises(NotFinal):
        member.sign(SyncMessage(A, BlockNumber(1), HASHES[4]))
    assert len(member.sign(message(2))) == 65


def test_watch__log_contradicts_what_was_seen_and_the_bridge_does_not__is_read_again(
    member: CommitteeMember, chain: FakeChain
) -> None:
    chain.accept(1, block_number=1)
    chain.height = 1
    member.watch(A)
    chain.accept(2, block_number=5)
    chain.height, chain.answers = 10, [lambda shown: [Acceptance(BlockNumber(1), HASHES[4], 5), *shown]]
    with pytest.raises(LogsIncomplete):
        member.watch(A)
    assert member.watch(A) == 2
    assert member.messages(A) == (message(1), message(2))
