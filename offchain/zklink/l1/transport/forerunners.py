"""What goes before a submission: nothing is mined while a lower nonce of its account is not.

Takes submissions that nobody waits for, and nonces that nobody knows; broadcasts the first again or replaces them by a
transfer to themselves, and uses up the others. Never touches a submission that somebody waits for.
"""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from zklink.l1.transport.broadcast import Broadcaster
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.fates import Fates
from zklink.l1.transport.fees import is_cheaper
from zklink.l1.transport.in_flight import Flights
from zklink.l1.transport.market import FeeMarket
from zklink.l1.transport.submission import TRANSFER_GAS, Call, Submission
from zklink.protocol.errors import FeeCeilingReached, TransactionRejected

log = logging.getLogger(__name__)


class Forerunners:
    """Clears the way of submissions on one chain."""

    def __init__(
        self,
        profile: ChainProfile,
        lock: threading.RLock,
        flights: Flights,
        fates: Fates,
        market: FeeMarket,
        broadcaster: Broadcaster,
    ) -> None:
        self._chain, self._evm_chain_id = profile.name, profile.evm_chain_id
        self._lock, self._flights, self._fates = lock, flights, fates
        self._market, self._broadcaster = market, broadcaster

    def clear(self, submission: Submission, ahead: Sequence[Submission]) -> None:
        """Broadcast again the submissions `ahead` that are not mined yet, with fees not below this one's; what a node
        refuses now is replaced by a transfer to itself.

        From then on each counts as broadcast: it keeps its nonce for ever, so it cannot be mined twice.
        """
        with self._lock:
            mined = self._fates.count(submission.account.address, "latest") if ahead else 0
            for earlier in (flight for flight in ahead if flight.nonce >= mined):
                if earlier.is_doubted and self._flights.is_shared(earlier):
                    continue  # another submission has its nonce, and it must not outbid that one
                log.warning("%s: %s with nonce %d is sent again: others wait behind it", *self._describe(earlier))
                earlier.is_broadcast = True
                if is_cheaper(earlier.fees, submission.fees):
                    with suppress(FeeCeilingReached):
                        self._broadcaster.outbid(earlier)
                if not self._broadcaster.send(earlier):
                    self._cancel(earlier)

    def fill_gap(self, submission: Submission) -> None:
        """Use up the next nonce if it is before this one and no submission's: of a transaction of an earlier run, or
        lost by the node. The ones after it may be in the pool still: they have their turn first.
        """
        account = submission.account
        with self._lock:
            nonce = self._fates.count(account.address, "latest")
            if nonce < submission.nonce and nonce not in self._flights.nonces(account):
                call = Call(account.address, b"", f"clear nonce {nonce}")
                fees = self._market.offer(call.label, TRANSFER_GAS)
                filler = Submission(account, call, 0, TRANSFER_GAS, nonce, fees, is_abandoned=True, cancelled_from=0)
                filler.sign(self._evm_chain_id)
                log.warning("%s: nothing is known of nonce %d: it is used up", self._chain, nonce)
                self._flights.add(filler)
                self._broadcaster.send(filler)
                filler.is_broadcast = True

    def _cancel(self, submission: Submission) -> None:
        """Replace a submission by a transfer to itself: it has the same nonce, so one of them is mined."""
        log.warning("%s: %s (nonce %d) is replaced by a transfer to itself", *self._describe(submission))
        if submission.cancelled_from is None:
            submission.cancelled_from = len(submission.tx_hashes)
        submission.fees = self._market.outbid(submission)
        submission.sign(self._evm_chain_id)
        if not self._broadcaster.send(submission):
            raise TransactionRejected(self._chain, submission.call.label, "nor can it be replaced by nothing")

    def _describe(self, submission: Submission) -> tuple[str, str, int]:
        return self._chain, submission.call.label, submission.nonce
