"""A member whose bridge is a program, as anybody reads it: in the same records as a chain with contracts.

Takes the bridge's account at `confirmed`; gives what it says of its blocks, its queues, its end and its groups. Never
sends anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_account import Account

from zklink.l1.contracts.bridge_structs import EndState, EndWord, FreezeCall, GroupMembers
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.transport.receipts import BlockInfo
from zklink.l1.transport.roster import PoolPolicy
from zklink.operations.requests import Request
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip
from zklink.protocol.errors import CallReverted, HistoryDisagrees
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, Seal
from zklink.protocol.ids import BlockNumber, Lane, TokenId
from zklink.protocol.messages import HALF_ORDER, SIGNATURE_BYTES
from zklink.recovery.member_reading import MemberReading
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.node import CONFIRMED, FINALIZED, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.requests import decode_request
from zklink.solana.interface.refusals import Refusal


class ProgramView:
    """One deployed program, read at a node."""

    def __init__(self, place: ProgramDeployment, node: SolanaNode, deployment_hash: bytes) -> None:
        self.place, self.node = place, node
        self.deployment_hash = deployment_hash
        self.program = Program(decode_base58(place.program, 32))
        self.bridge = SolanaBridge(node, decode_base58(place.program, 32), decode_base58(place.bridge, 32))

    @property
    def name(self) -> str:
        """The chain's."""
        return self.place.name

    def check_nodes(self) -> None:
        """Raise WrongChain or RpcUnavailable unless every single node serves the cluster."""
        self.node.check_each(self.place.genesis_number)

    def meters(self) -> tuple[NodeMeter, ...]:
        """What is counted of its nodes."""
        return self.node.pool.meters

    def check(self) -> None:
        """Raise WrongChain or HistoryDisagrees unless it is the deployment's; RpcUnavailable."""
        self.node.check_genesis(self.place.genesis_number)
        found = self.read().deployment_hash
        if found != self.deployment_hash:
            detail = f"the bridge at {self.place.bridge} belongs to deployment 0x{found.hex()}"
            raise HistoryDisagrees(self.name, 0, f"{detail}, not to 0x{self.deployment_hash.hex()}")

    def read(self) -> BridgeReading:
        """The bridge now. Raises RpcUnavailable."""
        return self.bridge.read(CONFIRMED)

    def head(self) -> BlockInfo:
        """The newest slot and its time."""
        slot = self.node.slot(CONFIRMED)
        return BlockInfo(slot, ZERO_HASH, ZERO_HASH, self.node.block_time(slot))

    def tip(self) -> Tip:
        """The last block that it has imported."""
        return self.read().tip

    def is_frozen(self) -> bool:
        """Whether it takes no requests any more."""
        return self.read().is_frozen

    def find_end(self) -> Accepted | None:
        """The block at which it ends; None while that is not known."""
        return find_end(self.read())

    def end_state(self) -> EndState:
        """The END that is raised there."""
        return read_end_state(self.read())

    def exit_root(self) -> tuple[int, BlockNumber]:
        """The root against which its exits are open, 0 before, and the block that it has."""
        reading = self.read()
        return int(reading.fields["exit_root"]), reading.tip.number

    def look(self, tokens: list[TokenId], *, is_final: bool = False) -> MemberReading:
        """How it stands now, or at its last final slot, with these tokens. Raises RpcUnavailable."""
        from zklink.recovery.program_reading import read_member

        return read_member(self, tokens, FINALIZED if is_final else CONFIRMED)

    def waiting(self, lane: Lane) -> Sequence[Request]:
        """The requests that no block consumes, in order."""
        return list_open(self.bridge.read_queues(CONFIRMED), lane)

    @property
    def groups(self) -> "ProgramGroups":
        """Both groups, as it has them."""
        return ProgramGroups(self)


def read_end_state(reading: BridgeReading) -> EndState:
    """The END that is raised there."""
    known = reading.fields
    return EndState(
        round=known["end_round"],
        word=EndWord(known["end_word"]),
        stands=bool(known["has_end"]),
        denied_by_validators=bool(known["end_denied_by_validators"]),
        denied_by_governor=bool(known["end_denied_by_governor"]),
        number=BlockNumber(known["end_number"]),
        sync_hash=bytes(known["end_hash"]),
        raised_at=known["end_at"],
        raised_in=known["end_in"],
    )


def read_freeze_call(reading: BridgeReading, lane: Lane) -> FreezeCall:
    """The freeze that is called over a lane."""
    known, at = reading.fields, lane - 1
    return FreezeCall(known["freeze_requests"][at], known["freeze_at"][at], known["freeze_in"][at])


def is_exodus(reading: BridgeReading) -> bool:
    """Whether its exits are open."""
    return bool(reading.fields["exit_root"])


def find_end(reading: BridgeReading) -> Accepted | None:
    """The block at which a chain ends; None while that is not known."""
    known = reading.fields
    return Accepted(BlockNumber(known["end_number"]), bytes(known["end_hash"])) if known["has_end"] else None


def list_open(reading: BridgeReading, lane: Lane) -> list[Request]:
    """The requests that no block consumes, in order. Raises ValueError for words that are none."""
    ids = range(reading.fields["consumed"][lane - 1] + 1, reading.total(lane) + 1)
    return [decode_request(reading.entry(lane, request_id)["words"]) for request_id in ids]


@dataclass(frozen=True, slots=True)
class ProgramGroups:
    """The groups as the program has them: who may say what, and whether evidence is good, judged as it does."""

    view: ProgramView

    def members(self, group: Group) -> GroupMembers:
        """The signers of a group, and how many of them it takes."""
        return self.view.read().members(group)

    def check_seal(self, deployment_hash: bytes, fact: Seal, validators: bytes) -> None:
        """Raise CallReverted unless the validators have sealed this block."""
        self._check(deployment_hash, fact, Group.VALIDATORS, validators)

    def check_accepted(self, deployment_hash: bytes, fact: Accepted, validators: bytes, watchers: bytes) -> None:
        """Raise CallReverted unless both groups say that the primary has accepted this block."""
        self._check(deployment_hash, fact, Group.VALIDATORS, validators)
        self._check(deployment_hash, fact, Group.WATCHERS, watchers)

    def check_frozen(self, deployment_hash: bytes, fact: Frozen, watchers: bytes) -> None:
        """Raise CallReverted unless the watchers say that the member is frozen."""
        self._check(deployment_hash, fact, Group.WATCHERS, watchers)

    def check_end(self, deployment_hash: bytes, fact: End, group: Group, evidence: bytes) -> None:
        """Raise CallReverted unless a group says that the history ends with this block."""
        self._check(deployment_hash, fact, group, evidence)

    def check_denial(self, deployment_hash: bytes, fact: EndDenial, group: Group, evidence: bytes) -> None:
        """Raise CallReverted unless a group says that this END is false."""
        self._check(deployment_hash, fact, group, evidence)

    def _check(self, deployment_hash: bytes, fact: Fact, group: Group, evidence: bytes) -> None:
        found, digest = self.members(group), fact.digest(deployment_hash)
        if not is_evidence(digest, evidence, found):
            refusal = Refusal.VALIDATORS if group is Group.VALIDATORS else Refusal.WATCHERS
            raise CallReverted(self.view.name, "evidence", refusal.value)


def is_evidence(digest: bytes, evidence: bytes, group: GroupMembers) -> bool:
    """Whether signatures are those of enough members of a group, ascending by signer, of a low s."""
    signatures = [evidence[at : at + SIGNATURE_BYTES] for at in range(0, len(evidence), SIGNATURE_BYTES)]
    if len(signatures) < group.threshold or not group.threshold:
        return False
    signers = list[int]()
    for signature in signatures:
        if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature[32:64], "big") > HALF_ORDER:
            return False
        try:
            signer = str(Account._recover_hash(digest, signature=signature))
        except Exception:  # eth_keys has kinds of its own
            return False
        if signature[64] not in (27, 28) or signer not in group.members:
            return False
        signers.append(int(signer, 16))
    return signers == sorted(set(signers))


def open_view(place: ProgramDeployment, urls: str | Sequence[str], quorum: int, deployment: Deployment) -> ProgramView:
    """A program at its nodes, which must agree if there is a quorum. Raises NodesDisagree."""
    node = SolanaNode(place.name, urls, genesis=place.genesis_number, policy=PoolPolicy(quorum))
    return ProgramView(place, node, deployment.deployment_hash)
