"""What a node is made of, and its habits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zklink.broker.broker import Broker
from zklink.l1.transport.profile import ChainProfile
from zklink.node.pacing import BackoffPolicy
from zklink.node.ports import BlockProver, ConsentSource
from zklink.node.watch import ChainWatch
from zklink.protocol.ids import ChainId
from zklink.relayer.relayer import Relayer
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Submitter


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Habits. While `max_unproven` sealed blocks wait for a proof, requests gather for the next block; one more than
    is being proven lets brokers see results early.

    `idle_share` of a chain's block time passes between two looks at an idle chain, at most `longest_idle_seconds`.
    `reseal_margin_seconds` before the primary would refuse a block as too old, it is sealed anew. `kept_blocks` that
    are executed everywhere are kept whole, for chains that reorganise; of older ones only their records.
    """

    max_unproven: int = 2
    idle_share: float = 0.25
    longest_idle_seconds: float = 0.5
    fill_retry_seconds: float = 5.0
    reseal_margin_seconds: int = 600
    kept_blocks: int = 256
    backoff: BackoffPolicy = field(default_factory=BackoffPolicy)


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What a node is made of. `broker` and `relayer` may be run by others: None. Where a chain has no `consents`,
    a change of key comes with its owner's signature, and there are no forced exits.
    """

    profiles: Mapping[ChainId, ChainProfile]
    sequencer: Sequencer
    prover: BlockProver
    watches: Mapping[ChainId, ChainWatch]
    submitters: Mapping[ChainId, Submitter]
    relayer: Relayer | None
    broker: Broker | None
    consents: Mapping[ChainId, ConsentSource] = field(default_factory=dict)
