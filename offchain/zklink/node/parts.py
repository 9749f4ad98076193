"""The parts that a node is made of, and its settings."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from zklink.broker.broker import Broker
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.pacing import BackoffPolicy
from zklink.node.ports import BlockProver, CheckpointStore
from zklink.node.watch import Watch
from zklink.protocol.ids import SILENCE_SECONDS, ChainId
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Submitter
from zklink.signers.ports import Validators, Watchers


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Settings of a node. It proves `proofs_at_once` blocks at a time, by default as many as there are cores, and
    computes the witness of one more meanwhile. While so many blocks wait for a proof it seals no further one, and
    requests gather for the next.

    Between two looks at an idle chain passes the share `idle_share` of its block time, at most `longest_idle_seconds`.
    If the primary has accepted nothing for `heartbeat_seconds` of its own clock, the node seals an empty block, so that
    the primary is not taken for dead. It keeps the last `kept_blocks` blocks that are executed everywhere whole, for
    chains that reorganise, and only the records of older ones. Every `checkpoint_blocks` of those it keeps a
    checkpoint, if it has a place for them. It keeps of its events the last `kept_events`, or all.
    """

    proofs_at_once: int = field(default_factory=lambda: os.cpu_count() or 1)
    idle_share: float = 0.25
    longest_idle_seconds: float = 0.5
    fill_retry_seconds: float = 5.0
    heartbeat_seconds: int = SILENCE_SECONDS // 2
    kept_blocks: int = 256
    checkpoint_blocks: int = 64
    kept_events: int | None = None
    backoff: BackoffPolicy = field(default_factory=BackoffPolicy)

    @property
    def max_unproven(self) -> int:
        """How many sealed blocks may wait for a proof."""
        return self.proofs_at_once + 1


@dataclass(frozen=True, slots=True)
class NodeParts:
    """The parts of a node. `broker` is None if others run it. `started_at` is when the primary's history began (UNIX
    seconds). `checkpoints` is where checkpoints are kept, None if nobody keeps any.
    """

    profiles: Mapping[ChainId, ChainProfile]
    sequencer: Sequencer
    prover: BlockProver
    watches: Mapping[ChainId, Watch]
    submitters: Mapping[ChainId, Submitter]
    validators: Validators
    watchers: Watchers
    broker: Broker | None
    started_at: int
    checkpoints: CheckpointStore | None = None
