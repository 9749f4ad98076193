"""The parts that a node is made of, and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from zklink.broker.broker import Broker
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.pacing import BackoffPolicy
from zklink.node.ports import BlockProver, ConsentSource
from zklink.node.watch import ChainWatch
from zklink.protocol.ids import ChainId
from zklink.relayer.relayer import Relayer
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Submitter


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Settings of a node. While `max_unproven` sealed blocks wait for a proof, the node seals no further one and
    requests gather for the next block. With one block more than is being proven, brokers see results early.

    Between two looks at an idle chain passes the share `idle_share` of its block time, at most `longest_idle_seconds`.
    The node seals a block anew `reseal_margin_seconds` before the primary would refuse it as too old. It keeps the last
    `kept_blocks` blocks that are executed everywhere whole, for chains that reorganise, and only the records of older
    ones.
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
    """The parts of a node. `broker` and `relayer` are None if others run them. On a chain without an entry in
    `consents`, a change of key must come with its owner's signature, and forced exits are refused.
    """

    profiles: Mapping[ChainId, ChainProfile]
    sequencer: Sequencer
    prover: BlockProver
    watches: Mapping[ChainId, ChainWatch]
    submitters: Mapping[ChainId, Submitter]
    relayer: Relayer | None
    broker: Broker | None
    consents: Mapping[ChainId, ConsentSource] = field(default_factory=dict)
