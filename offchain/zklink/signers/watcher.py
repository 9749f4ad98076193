"""A watcher: vouches for what a member's chain says once that is final there: QUE to the primary, and FRZ."""

from collections.abc import Sequence

from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.errors import NotFinal
from zklink.protocol.facts import Frozen, QueueFact, Queues
from zklink.signers.signer import Signer


class Watcher(Signer):
    """One watcher's key."""

    def queues(self, queues: Sequence[QueueFact]) -> bytes:
        """QUE, for all of these queues together. Raises NotFinal."""
        for queue in queues:
            reader = self._chains[queue.chain]
            final = reader.final()
            found = ZERO_HASH if final is None else reader.queue_hash(queue.lane, queue.count, final.number)
            if found != queue.hash or found == ZERO_HASH:
                raise NotFinal(queue.chain, f"request {queue.count} of lane {queue.lane}")
        return self._sign(Queues(tuple(queues)))

    def frozen(self, fact: Frozen) -> bytes:
        """FRZ. Raises NotFinal."""
        reader = self._chains[fact.chain]
        final = reader.final()
        if final is None or not reader.is_frozen(final.number):
            raise NotFinal(fact.chain, "its freeze")
        return self._sign(fact)
