"""Sending transactions so that each takes effect at most once.

Takes calls, signs them here, gives receipts. Never signs one call under two nonces: a transaction gets its nonce once,
and every retry (the node is away, the fee is too low, the answer is lost) uses the same nonce, so no two versions can
both be mined. A submission whose fate is unknown is kept, and if the caller sends the identical call again, it
continues that submission. If another call follows instead, whatever nobody waits for is broadcast again before it, or
replaced by a transfer to itself, so no transaction waits behind a nonce that no node has.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from eth_account.signers.local import LocalAccount
from web3 import Web3

from zklink.l1.transport.broadcast import Broadcaster
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.fates import Fates, Replacement, plain_transaction
from zklink.l1.transport.fees import is_cheaper
from zklink.l1.transport.in_flight import Flights
from zklink.l1.transport.market import FeeMarket
from zklink.l1.transport.receipts import Receipt
from zklink.l1.transport.rpc import Asker
from zklink.l1.transport.submission import TRANSFER_GAS, Call, SendPolicy, Submission
from zklink.protocol.errors import (
    FeeCeilingReached,
    RpcRefused,
    TransactionRejected,
    TransactionReplaced,
    TransactionReverted,
    TransactionStuck,
)

log = logging.getLogger(__name__)

GAS_MARGIN: Final = (5, 4)
"""Estimates are multiplied by this: the state may differ a little when the transaction is mined."""

TRANSACTION_GAS: Final = 2**24
"""The margin ends here: the most gas that Ethereum allows a transaction (EIP-7825)."""


class Sender:
    """Sends for any number of accounts on one chain; one instance per chain and process.

    With `gas_limit`, calls are tried once with `eth_call` and sent with that limit; without, gas is estimated.
    """

    def __init__(
        self,
        profile: ChainProfile,
        w3: Web3,
        policy: SendPolicy,
        asker: Asker,
        *,
        gas_limit: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile, self._w3, self._policy, self._asker = profile, w3, policy, asker
        self._gas_limit, self._sleep, self._clock = gas_limit, sleep, clock
        self._lock = threading.RLock()
        self._flights, self._fates = Flights(), Fates(w3, asker)
        self._market = FeeMarket(w3, asker, policy.fees)
        self._broadcaster = Broadcaster(profile, w3, asker, self._fates, self._market, self._renew)

    def forget(self) -> None:
        """Drop every submission in flight: for local chains that were set back to an earlier state."""
        with self._lock:
            self._flights.clear()

    def submit(self, account: LocalAccount, call: Call, value_wei: int = 0, gas: int | None = None) -> Submission:
        """Sign and broadcast. Raises CallReverted if the contract refuses, TransactionRejected, FeeCeilingReached,
        RpcRefused, RpcUnavailable.
        """
        with self._lock:
            submission = self._flights.find_abandoned(account, call, value_wei) or self._find_taken(
                account, call, value_wei
            )
            if submission is None:
                limit = gas if gas is not None else self.estimate(account.address, call, value_wei)
                fees = self._market.offer(call.label, limit)
                submission = Submission(account, call, value_wei, limit, self._next_nonce(account), fees)
                submission.sign(self._profile.evm_chain_id)
            else:
                log.warning("%s: taking up %s with nonce %d again", *self._describe(submission))
            self._clear_way(submission, self._flights.abandoned_before(submission))
            self._start(submission)
            return submission

    def wait(self, submission: Submission) -> Receipt:
        """Wait until mined; raise the fee when it takes too long. Raises TransactionReverted, TransactionReplaced,
        TransactionStuck, FeeCeilingReached, RpcUnavailable; after the last three the same call, sent again, continues
        this submission."""
        submission.is_watched = True
        try:
            receipt = self._wait(submission)
        except TransactionReplaced:
            self._land(submission)
            raise
        except BaseException:
            submission.is_abandoned = True
            raise
        finally:
            submission.is_watched = False
        self._land(submission)
        if submission.is_cancellation(receipt.tx_hash):
            raise TransactionReplaced(*self._describe(submission), tuple(submission.tx_hashes))
        if not receipt.is_success:
            reason = self._fates.explain(submission, receipt.block_number)
            raise TransactionReverted(self._profile.name, submission.call.label, reason, receipt.tx_hash)
        return receipt

    def abandon(self, submission: Submission) -> None:
        """Nobody will wait for this submission; it stays in the books until its fate is known."""
        with self._lock:
            submission.is_abandoned = submission in self._flights

    def estimate(self, address: str, call: Call, value_wei: int) -> int:
        """Gas limit for a call; CallReverted with the contract's reason, TransactionRejected if it cannot be paid."""
        transaction = plain_transaction(address, call, value_wei)
        try:
            if self._gas_limit is not None:
                limit = self._gas_limit
                self._asker.ask(call.label, lambda: self._w3.eth.call({**transaction, "gas": limit}))
                return limit
            estimated = self._asker.ask(call.label, lambda: int(self._w3.eth.estimate_gas(transaction)))
        except RpcRefused as error:
            raise TransactionRejected(self._profile.name, call.label, error.detail) from error
        return max(estimated, min(estimated * GAS_MARGIN[0] // GAS_MARGIN[1], TRANSACTION_GAS))

    # -- the life of one submission ------------------------------------------------------------------------------

    def _find_taken(self, account: LocalAccount, call: Call, value_wei: int) -> Submission | None:
        """What a node refused of exactly this call and some node has taken all the same."""
        refused = self._flights.pop_refused(account, call, value_wei)
        if refused is None or not self._fates.is_known(refused):
            return None
        refused.is_broadcast = True
        self._flights.add(refused)
        return refused

    def _start(self, submission: Submission) -> None:
        """Broadcast a submission that somebody will wait for. If that fails and its fate is unknown, it counts as given
        up.
        """
        if submission not in self._flights:
            self._flights.add(submission)
        submission.is_abandoned = False
        try:
            self._broadcaster.send(submission)
        except (TransactionRejected, FeeCeilingReached, RpcRefused) as error:
            if submission.is_broadcast:
                submission.is_abandoned = True
            else:
                self._land(submission)
                if isinstance(error, TransactionRejected):
                    self._flights.remember_refused(submission)
            raise
        except BaseException:
            submission.is_abandoned = True
            raise

    def _clear_way(self, submission: Submission, ahead: Sequence[Submission]) -> None:
        """Broadcast again the submissions `ahead` that are not mined yet, with fees not below this one's; what a node
        refuses now is replaced by a transfer to itself.

        From then on each counts as broadcast: it keeps its nonce for ever, so it cannot be mined twice.
        """
        with self._lock:
            mined = self._fates.count(submission.account.address, "latest") if ahead else 0
            for earlier in (flight for flight in ahead if flight.nonce >= mined):
                log.warning("%s: %s with nonce %d is sent again: others wait behind it", *self._describe(earlier))
                earlier.is_broadcast = True
                if is_cheaper(earlier.fees, submission.fees):
                    with suppress(FeeCeilingReached):
                        self._outbid(earlier)
                if not self._broadcaster.send(earlier):
                    self._cancel(earlier)

    def _fill_gap(self, submission: Submission) -> None:
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
                filler.sign(self._profile.evm_chain_id)
                log.warning("%s: nothing is known of nonce %d: it is used up", self._profile.name, nonce)
                self._flights.add(filler)
                self._broadcaster.send(filler)
                filler.is_broadcast = True

    def _cancel(self, submission: Submission) -> None:
        """Replace a submission by a transfer to itself: it has the same nonce, so one of them is mined."""
        log.warning("%s: %s (nonce %d) is replaced by a transfer to itself", *self._describe(submission))
        if submission.cancelled_from is None:
            submission.cancelled_from = len(submission.tx_hashes)
        submission.fees = self._market.outbid(submission)
        submission.sign(self._profile.evm_chain_id)
        if not self._broadcaster.send(submission):
            raise TransactionRejected(self._profile.name, submission.call.label, "nor can it be replaced by nothing")

    def _wait(self, submission: Submission) -> Receipt:
        patience = max(self._policy.seconds_per_fee, self._policy.blocks_per_fee * self._profile.block_time_seconds)
        rounds, since, head = 0, self._clock(), -1
        replacement, barred = Replacement(self._policy.proof_seconds), None
        while (found := self._fates.find_receipt(submission)) is None:
            head = self._fates.head() if head < 0 else head
            if self._fates.count(submission.account.address, "latest") > submission.nonce:
                if self._look_again(submission, replacement):
                    raise TransactionReplaced(*self._describe(submission), tuple(submission.tx_hashes))
            elif self._clock() - since > patience:
                if rounds == self._policy.fee_bumps:
                    raise barred or TransactionStuck(*self._describe(submission), tuple(submission.tx_hashes))
                rounds, since, before, head = rounds + 1, self._clock(), head, self._fates.head()
                barred = self._push(submission, is_moving=head > before)
            elif not submission.is_broadcast:
                self._broadcaster.send(submission)
            self._sleep(min(self._profile.block_time_seconds / 4, self._policy.longest_poll_seconds))
        return found

    def _look_again(self, submission: Submission, replacement: Replacement) -> bool:
        """The nonce is used and there is no receipt: whether another transaction is proven to have used it."""
        if not submission.is_broadcast:
            self._renew(submission)
            return False
        return replacement.is_proven(self._clock(), self._fates.is_known(submission))

    def _push(self, submission: Submission, is_moving: bool) -> FeeCeilingReached | None:
        """Broadcast again, dearer if the chain has had blocks without it. Gives the ceiling that forbids to raise."""
        barred = None
        try:
            if is_moving:
                self._outbid(submission)
        except FeeCeilingReached as error:
            barred = error
        try:
            self._clear_way(submission, self._flights.unwatched_before(submission))
            self._fill_gap(submission)
        except (FeeCeilingReached, TransactionRejected) as error:
            log.warning("%s: what is before %s (nonce %d) stays", *self._describe(submission))
            barred = error if isinstance(error, FeeCeilingReached) else barred
        self._broadcaster.send(submission)
        return barred

    def _outbid(self, submission: Submission) -> None:
        submission.fees = self._market.outbid(submission)
        log.warning("%s: %s (nonce %d) is sent again with a higher fee", *self._describe(submission))
        submission.sign(self._profile.evm_chain_id)

    def _renew(self, submission: Submission) -> None:
        """Another nonce: only for a transaction that no node ever took."""
        log.warning("%s: nonce %d of %s is taken", self._profile.name, submission.nonce, submission.call.label)
        with self._lock:
            self._land(submission)
            submission.nonce = self._next_nonce(submission.account)
            submission.tx_hashes.clear()
            self._flights.add(submission)
            submission.sign(self._profile.evm_chain_id)

    # -- small questions -----------------------------------------------------------------------------------------

    def _next_nonce(self, account: LocalAccount) -> int:
        return self._flights.find_free_nonce(account, self._fates.count(account.address, "pending"))

    def _land(self, submission: Submission) -> None:
        with self._lock:
            self._flights.remove(submission)

    def _describe(self, submission: Submission) -> tuple[str, str, int]:
        return self._profile.name, submission.call.label, submission.nonce
