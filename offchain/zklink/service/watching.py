"""Looks at a deployment from outside, for whoever wants to be told: what each chain has, owes and has stopped.

Takes the chains, through one's own nodes; gives health, metrics and the groups' words that stand in calldata. It needs
no key and believes no operator. Never sends anything.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import EXPIRY_SECONDS, ChainId, Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.words_kept import read_words, write_words
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.metrics import Metrics

log = logging.getLogger(__name__)

HEAD_SECONDS: Final = 300
"""A chain whose newest block is older stands still."""


class Watch:
    """`round` looks once at everything. With `words` it keeps there, beside what the file has already, what the
    calldata of members shows. Raises WordsInvalid for a file that is none.
    """

    def __init__(self, read: ChainsRead, clock: Callable[[], float], words: Path | None = None) -> None:
        self._read, self._clock, self._words = read, clock, words
        self.metrics, self.board = Metrics(), HealthBoard(tuple(f"chain {read.name(chain)}" for chain in read.bridges))
        self._said: dict[str, str] = {}
        if words is not None and words.exists():
            read_words(words, read.deployment.deployment_hash, read.groups.kept)

    def round(self) -> None:
        """Look at every chain; what cannot be read now is said and looked at again."""
        for chain in self._read.bridges:
            part = f"chain {self._read.name(chain)}"
            try:
                alarms = self._look(chain)
            except ZkLinkError as error:
                alarms = [redact(str(error))]
            text = "; ".join(alarms)
            if text != self._said.get(part, ""):
                log.warning("%s: %s", part, text or "well again")
            self._said[part] = text
            self.board.note(part, Health(Condition.AFFECTED, text) if alarms else WELL)
        if self._words is not None:
            self._carry_words(self._words)

    def _look(self, chain: ChainId) -> list[str]:
        """What is wrong with a chain, in words. Raises RpcUnavailable."""
        bridge, name, alarms = self._read.bridges[chain], self._read.name(chain), list[str]()
        head, now = bridge.client.head(), self._clock()
        tip, age = bridge.history.tip(block=head.number), max(0.0, now - head.timestamp)
        self.metrics.head.labels(name).set(head.number)
        self.metrics.head_age.labels(name).set(age)
        self.metrics.accepted.labels(name).set(tip.number)
        self.metrics.blocks_unpaid.labels(name).set(tip.unpaid)
        is_frozen = bridge.end.is_frozen(block=head.number)
        self.metrics.chain_frozen.labels(name).set(is_frozen)
        if is_frozen:
            alarms.append("it is frozen: owners leave by exits")
        if age > HEAD_SECONDS:
            alarms.append(f"its newest block is {age:.0f} s old")
        if tip.unpaid:
            alarms.append(f"{tip.unpaid} blocks owe payouts: `zklink keep` pays them")
        for lane in Lane:
            waited = self._find_oldest(chain, lane, head.timestamp)
            self.metrics.request_age.labels(name, lane.name.lower()).set(waited)
            if waited > EXPIRY_SECONDS // 4:
                of_all = 100 * waited // EXPIRY_SECONDS
                alarms.append(f"a request of lane {lane.name.lower()} has waited {of_all} % of the time to a freeze")
        return alarms

    def _find_oldest(self, chain: ChainId, lane: Lane, now: int) -> int:
        """Seconds that the oldest request of a lane waits for a block."""
        waiting = self._read.waiting(chain, lane)
        return max(0, now - waiting[0].queued_at) if waiting else 0

    def _carry_words(self, path: Path) -> None:
        try:
            self._read.learn()
            write_words(path, self._read.deployment.deployment_hash, self._read.groups.kept)
        except (ZkLinkError, OSError) as error:
            log.warning("words are not kept now: %s", redact(str(error)))
