"""The proposals of all chains' timelocks: what each says, how it stands, and whether the chains say the same.

Takes a deployment and a client per chain; reads logs as nodes show them: connect with a quorum where it matters. Never
sends anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zklink.l1.contracts.governance_events import Cancelled, Executed, Proposed, ProposedCall
from zklink.l1.contracts.timelock import TimelockClient, Waiting
from zklink.l1.deployment.agreement import check_alike
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.errors import ActsDisagree
from zklink.protocol.ids import ChainId
from zklink.upkeep.call_words import read_call, say_call


class Stand(StrEnum):
    """How a proposal stands on its chain."""

    WAITING = "waits"
    EXECUTABLE = "anybody can execute it"
    EXPIRED = "void: nobody has executed it in time"
    EXECUTED = "executed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Known:
    """A proposal on one chain, in words; `waiting` is None once it is executed or cancelled."""

    chain: ChainId
    proposal_id: bytes
    calls: tuple[ProposedCall, ...]
    salt: bytes
    words: tuple[str, ...]
    subject: tuple[tuple[object, ...], ...]
    stand: Stand
    waiting: Waiting | None

    @property
    def is_open(self) -> bool:
        """Whether it can still be executed, now or later."""
        return self.stand in (Stand.WAITING, Stand.EXECUTABLE)


@dataclass(frozen=True, slots=True)
class Matter:
    """Open proposals of all chains that are about the same. `disagreement` is empty where they say the same on every
    chain, as far as they must.
    """

    proposals: tuple[Known, ...]
    disagreement: str

    @property
    def title(self) -> tuple[str, ...]:
        """What the first chain's says."""
        return self.proposals[0].words


def read_proposals(deployment: Deployment, clients: Mapping[ChainId, ChainClient]) -> list[Known]:
    """Every proposal that was ever made, by chain and in order; the last one of an id counts. Raises RpcUnavailable."""
    found = list[Known]()
    for chain, client in clients.items():
        place = deployment.chains[chain]
        lock, head = TimelockClient(client, place.timelock), client.head()
        kinds: Sequence[type[Proposed | Cancelled | Executed]] = (Proposed, Cancelled, Executed)
        made, stands = dict[bytes, Proposed](), dict[bytes, Stand]()
        for event in lock.events_named(kinds, place.from_block, head.number):
            match event:
                case Proposed():
                    made[event.proposal_id] = event
                    stands[event.proposal_id] = Stand.WAITING
                case Cancelled():
                    stands[event.proposal_id] = Stand.CANCELLED
                case Executed():
                    stands[event.proposal_id] = Stand.EXECUTED
        for proposal_id, event in made.items():
            waiting = lock.waiting(proposal_id) if stands[proposal_id] is Stand.WAITING else None
            stand = stands[proposal_id] if waiting is None else judge_stand(waiting, head)
            found.append(_describe(deployment, chain, event, stand, waiting))
    return found


def judge_stand(waiting: Waiting, head: BlockInfo) -> Stand:
    """How a proposal stands at a head: both time and block must have come."""
    if _has_come(waiting.too_late, head):
        return Stand.EXPIRED
    return Stand.EXECUTABLE if _has_come(waiting.ready, head) else Stand.WAITING


def list_matters(deployment: Deployment, proposals: Iterable[Known]) -> list[Matter]:
    """The open proposals by what they are about. A second proposal about the same on one chain is a matter of its
    own. A chain that has executed its part already counts as having said it.
    """
    listed = list(proposals)
    executed: dict[tuple[ChainId, object], Known] = {
        (known.chain, known.subject): known for known in listed if known.stand is Stand.EXECUTED
    }
    matters = dict[tuple[object, ...], dict[ChainId, Known]]()
    for known in (each for each in listed if each.is_open):
        place = 0
        while known.chain in matters.get((known.subject, known.salt, place), {}):
            place += 1
        matters.setdefault((known.subject, known.salt, place), {})[known.chain] = known
    return [
        Matter(tuple(by_chain.values()), _disagree(deployment, by_chain, executed)) for by_chain in matters.values()
    ]


def _disagree(
    deployment: Deployment, by_chain: Mapping[ChainId, Known], executed: Mapping[tuple[ChainId, object], Known]
) -> str:
    """`executed` are the last ones of each subject that chains have executed."""
    one = next(iter(by_chain.values()))
    if any(not function for _, function, *_ in one.subject):
        return "a call in it is none that can be read"
    if any(call.value_wei for known in by_chain.values() for call in known.calls):
        return "a call in it sends coin"
    said = dict(by_chain)
    for chain in deployment.chains:
        done = executed.get((chain, one.subject))
        if chain not in said and done is not None and done.salt == one.salt:
            said[chain] = done
    try:
        check_alike({k: [call.data for call in known.calls] for k, known in said.items()}, tuple(deployment.chains))
    except ActsDisagree as error:
        return error.detail
    return ""


def _describe(deployment: Deployment, chain: ChainId, event: Proposed, stand: Stand, waiting: Waiting | None) -> Known:
    calls = event.calls
    return Known(
        chain=chain,
        proposal_id=event.proposal_id,
        calls=calls,
        salt=event.salt,
        words=tuple(say_call(deployment, chain, call.target, call.data) for call in calls),
        subject=tuple(read_call(deployment, chain, call.target, call.data).subject for call in calls),
        stand=stand,
        waiting=waiting,
    )


def _has_come(moment: tuple[int, int], head: BlockInfo) -> bool:
    return head.timestamp >= moment[0] and head.number >= moment[1]
