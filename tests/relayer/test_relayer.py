"""The committee's quorum, and deliveries that are needed, once each, until every chain knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from eth_account import Account

from tests.relayer.test_member import DEPLOYMENT, HASHES, FakeChain, message
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import QuorumMissing, RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest
from zklink.relayer.committee import LocalCommittee
from zklink.relayer.member import CommitteeMember
from zklink.relayer.relayer import Relayer

A, B, C = ChainId(1), ChainId(2), ChainId(3)
RECEIPT = Receipt(bytes(32), 1, bytes(32), True, 90_000, 1, None, ())


@dataclass
class Setting:
    """Three members over two chains; `views[i]` are member i's own views."""

    views: list[dict[ChainId, FakeChain]]
    committee: LocalCommittee

    def accept(self, chain: ChainId, number: int, members: tuple[int, ...] = (0, 1, 2)) -> None:
        for index in members:
            view = self.views[index][chain]
            view.height += 1
            view.accept(number, block_number=view.height)
        self.committee.watch(chain)

    def freeze(self, chain: ChainId, number: int, members: tuple[int, ...] = (0, 1, 2)) -> None:
        for index in members:
            view = self.views[index][chain]
            view.height += 1
            view.freeze(number, block_number=view.height)
        self.committee.watch(chain)


@pytest.fixture
def setting() -> Setting:
    views = [{A: FakeChain(), B: FakeChain(), C: FakeChain()} for _ in range(3)]
    members = [CommitteeMember(Account.from_key(bytes([5 + i]) * 32), views[i], DEPLOYMENT) for i in range(3)]
    return Setting(views, LocalCommittee(members, threshold=2))


@dataclass
class FakeBridge:
    """A destination that applies a message once it has accepted its block."""

    accepted_number: int = 0
    counted: dict[ChainId, BlockNumber] = field(default_factory=dict)
    known: set[SyncMessage] = field(default_factory=set)
    evidence: list[bytes] = field(default_factory=list)
    loses_receipts: bool = False

    def accepted(self) -> BlockNumber:
        return BlockNumber(self.accepted_number)

    def acknowledged(self, source: ChainId) -> BlockNumber:
        return self.counted.get(source, BlockNumber(0))

    def is_message_known(self, message: SyncMessage) -> bool:
        return message in self.known

    def is_freeze_known(self, source: ChainId) -> bool:
        return any(m.source_chain == source and m.kind is MessageKind.FRZ for m in self.known)

    def receive_messages(self, messages: Sequence[tuple[SyncMessage, bytes]]) -> Sequence[Receipt]:
        for arrived, evidence in messages:
            self.known.add(arrived)
            self.evidence.append(evidence)
            if arrived.kind is MessageKind.ACC and arrived.number <= self.accepted_number:
                self.counted[arrived.source_chain] = arrived.number
        if self.loses_receipts:
            raise RpcUnavailable("b", "eth_getTransactionReceipt", 1, "gone")
        return [RECEIPT] * len(messages)


def relay(setting: Setting, bridge: FakeBridge, primary: ChainId = A) -> Relayer:
    return Relayer(setting.committee, {A: FakeBridge(), B: bridge}, primary)


def test_evidence__quorum__ascending_signers_and_no_more_than_the_threshold(setting: Setting) -> None:
    setting.accept(A, 1)
    evidence = setting.committee.evidence(message(1))
    digest = compute_digest(message(1), DEPLOYMENT)
    signers = [Account._recover_hash(digest, signature=evidence[i : i + 65]) for i in range(0, len(evidence), 65)]
    assert len(evidence) == 130
    assert signers == sorted(signers, key=lambda address: int(address, 16))


def test_evidence__one_member_short__says_how_many(setting: Setting) -> None:
    setting.accept(A, 1, members=(2,))
    assert setting.committee.messages(A) == ()
    with pytest.raises(QuorumMissing) as error:
        setting.committee.evidence(message(1))
    assert (error.value.signatures, error.value.threshold) == (1, 2)


def test_messages__members_disagree__only_what_a_quorum_saw(setting: Setting) -> None:
    setting.accept(A, 1, members=(0, 1))
    setting.accept(A, 2, members=(2,))
    assert setting.committee.messages(A) == (message(1),)


def test_deliver__acceptance_of_the_primary__at_once(setting: Setting) -> None:
    bridge = FakeBridge()
    setting.accept(A, 1)
    assert [d.message for d in relay(setting, bridge).deliver(B)] == [message(1)]
    assert bridge.evidence == [setting.committee.evidence(message(1))]


def test_deliver__acceptance_of_another_chain__only_up_to_what_is_accepted_there(setting: Setting) -> None:
    bridge = FakeBridge(accepted_number=1)
    for number in (1, 2):
        setting.accept(A, number)
    relayer = relay(setting, bridge, primary=B)
    assert [d.message for d in relayer.deliver(B)] == [message(1)]
    assert relayer.deliver(B) == ()
    bridge.accepted_number = 2
    assert [d.message for d in relayer.deliver(B)] == [message(2)]
    assert relayer.deliver(B) == ()


def test_deliver__several_acceptances__newest_only(setting: Setting) -> None:
    bridge = FakeBridge(accepted_number=3)
    for number in (1, 2, 3):
        setting.accept(A, number)
    relayer = relay(setting, bridge, primary=B)
    assert len(relayer.deliver(B)) == 1
    assert relayer.deliver(B) == ()
    assert bridge.counted == {A: 3}


def test_deliver__receipt_lost__not_sent_again(setting: Setting) -> None:
    bridge = FakeBridge(loses_receipts=True)
    setting.accept(A, 1)
    with pytest.raises(RpcUnavailable):
        relay(setting, bridge).deliver(B)
    assert relay(setting, bridge).deliver(B) == ()
    assert len(bridge.evidence) == 1


def test_deliver__nobody_waits_for_it__spared(setting: Setting) -> None:
    setting.accept(A, 1)
    asked: list[tuple[ChainId, int, int]] = []

    def is_needed(source: ChainId, after: BlockNumber, number: BlockNumber) -> bool:
        asked.append((source, after, number))
        return False

    bridge = FakeBridge(accepted_number=1)
    assert Relayer(setting.committee, {A: FakeBridge(), B: bridge}, A, is_needed).deliver(B) == ()
    assert asked == [(A, 0, 1)] and not bridge.evidence


def test_deliver__several_sources__one_message_each_and_the_primarys_first(setting: Setting) -> None:
    third = FakeBridge(accepted_number=2)
    for chain in (A, B):
        for number in (1, 2):
            setting.accept(chain, number)
    relayer = Relayer(setting.committee, {A: FakeBridge(), B: FakeBridge(), C: third}, primary=B)
    assert [(d.message.source_chain, d.message.number) for d in relayer.deliver(C)] == [(B, 2), (A, 2)]
    assert relayer.deliver(C) == ()


def test_deliver__own_acceptance__never_to_itself(setting: Setting) -> None:
    setting.accept(B, 1)
    bridge = FakeBridge(accepted_number=1)
    assert relay(setting, bridge).deliver(B) == ()
    assert HASHES[1] not in bridge.evidence


@pytest.mark.parametrize("primary", [A, C])
def test_deliver__frozen_chain__told_once_whatever_the_destination_has_accepted(
    setting: Setting, primary: ChainId
) -> None:
    bridge = FakeBridge()
    relayer = relay(setting, bridge, primary)
    setting.freeze(A, 0, members=(0,))
    assert relayer.deliver(B) == ()  # no quorum
    setting.freeze(A, 0, members=(1, 2))
    [delivered] = relayer.deliver(B)
    assert delivered.message == message(0, MessageKind.FRZ)
    assert relayer.deliver(B) == ()
    assert relayer.message_count() == 1
