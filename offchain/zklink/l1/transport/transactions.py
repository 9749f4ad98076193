"""Sending transactions so that each takes effect at most once.

Takes calls, signs them here, gives receipts. Never signs one call under two nonces: a transaction gets its nonce once,
and every retry (the node is away, the fee is too low, the answer is lost) uses the same nonce, so no two versions can
both be mined. It gets another nonce only once it is proven, by hash and time, that another transaction used the first.
A submission whose fate is unknown is kept, also one that a node refused, and if the caller sends the identical call
again, it continues that submission. If another call follows instead, whatever nobody waits for is broadcast again
before it, or replaced by a transfer to itself, so no transaction waits behind a nonce that no node has. Each version is
kept (`submission_log`) before a node gets it, so all of this holds across a restart.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from eth_account.signers.local import LocalAccount
from web3 import Web3

from zklink.l1.transport.broadcast import Broadcaster
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.fates import Fates, Replacement, plain_transaction
from zklink.l1.transport.fees import Fees
from zklink.l1.transport.forerunners import Forerunners
from zklink.l1.transport.in_flight import Flights
from zklink.l1.transport.market import FeeMarket
from zklink.l1.transport.receipts import Receipt
from zklink.l1.transport.rpc import Asker
from zklink.l1.transport.submission import Call, SendPolicy, Submission
from zklink.l1.transport.submission_log import UNLOGGED, SubmissionLog
from zklink.protocol.errors import (
    CallReverted,
    DatabaseFailed,
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
        kept: SubmissionLog = UNLOGGED,
    ) -> None:
        self._profile, self._w3, self._policy, self._asker = profile, w3, policy, asker
        self._gas_limit, self._sleep, self._clock = gas_limit, sleep, clock
        self._lock = threading.RLock()
        self._flights, self._fates = Flights(kept), Fates(w3, asker)
        self._market = FeeMarket(w3, asker, policy.fees)
        self._broadcaster = Broadcaster(profile, w3, asker, self._fates, self._market, self._flights.keep)
        self._forerunners = Forerunners(
            profile, self._lock, self._flights, self._fates, self._market, self._broadcaster
        )
        self._depth = 1 if profile.is_local else profile.confirmations

    def forget(self) -> None:
        """Drop every submission in flight: for local chains that were set back to an earlier state."""
        with self._lock:
            self._flights.clear()

    def submit(self, account: LocalAccount, call: Call, value_wei: int = 0, gas: int | None = None) -> Submission:
        """Sign and broadcast. Raises CallReverted if the contract refuses, TransactionRejected, FeeCeilingReached,
        RpcRefused, RpcUnavailable.
        """
        with self._lock:
            self._recall(account)
            submission = self._flights.find_abandoned(account, call, value_wei)
            submission = submission or self._take_up_refused(account, call, value_wei, gas)
            if submission is None:
                limit, fees = self._price(account, call, value_wei, gas)
                submission = Submission(account, call, value_wei, limit, self._next_nonce(account), fees)
                submission.sign(self._profile.evm_chain_id)
            else:
                log.warning("%s: taking up %s with nonce %d again", *self._describe(submission))
            self._forerunners.clear(submission, self._flights.abandoned_before(submission))
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
        is_cancelled = submission.is_cancellation(receipt.tx_hash)
        if self._depth > 1 and (is_cancelled or not receipt.is_success):  # a reorganisation may give it an effect
            with self._lock:
                submission.void_in = receipt.tx_hash
                self._flights.refuse(submission)
        else:
            self._land(submission)
        if is_cancelled:
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
            estimated = self._asker.ask(call.label, lambda: read_estimate(self._w3.eth.estimate_gas(transaction)))
        except RpcRefused as error:
            raise TransactionRejected(self._profile.name, call.label, error.detail) from error
        return max(estimated, min(estimated * GAS_MARGIN[0] // GAS_MARGIN[1], TRANSACTION_GAS))

    # -- the life of one submission ------------------------------------------------------------------------------

    def _recall(self, account: LocalAccount) -> None:
        """Of what an earlier run sent, what is mined for good needs nobody any more."""
        for submission in self._flights.recall(account):
            log.warning("%s: an earlier run sent %s with nonce %d", *self._describe(submission))
            found = self._fates.find_receipt(submission)
            if found is not None and self._fates.is_final(found.tx_hash, self._depth):
                self._flights.note_landed(submission, found.tx_hash)
                self._land(submission)

    def _price(self, account: LocalAccount, call: Call, value_wei: int, gas: int | None) -> tuple[int, Fees]:
        """The gas limit of a call, and what it offers for it. CallReverted if its own judge is against it."""
        if call.judge is not None:
            transaction = plain_transaction(account.address, call, value_wei)
            answer = self._asker.ask(call.label, lambda: bytes(self._w3.eth.call(transaction)))
            if reason := call.judge(answer):
                raise CallReverted(self._profile.name, call.label, reason)
        limit = gas if gas is not None else self.estimate(account.address, call, value_wei)
        return limit, self._market.offer(call.label, limit)

    def _take_up_refused(self, account: LocalAccount, call: Call, value_wei: int, gas: int | None) -> Submission | None:
        """What a node refused of exactly this call: with the same nonce as long as that is free, for a node may have
        taken it all the same; else its fate must be proven first. What had no effect is waited for again until that is
        final: a reorganisation may give it one.
        """
        refused = self._flights.find_refused(account, call, value_wei)
        if refused is not None and refused.void_in and self._fates.is_final(refused.void_in, self._depth):
            self._flights.forget_refused(refused)
            refused = None
        if refused is None:
            return None
        if self._fates.is_known(refused):
            refused.is_broadcast = True
        elif self._fates.count(account.address, "latest") > refused.nonce or self._flights.is_shared(refused):
            refused.is_broadcast = refused.is_doubted = True
        else:
            refused.gas, refused.fees = self._price(account, call, value_wei, gas)
            refused.sign(self._profile.evm_chain_id)
        self._flights.take_up(refused)
        return refused

    def _start(self, submission: Submission) -> None:
        """Broadcast a submission that somebody will wait for. If that fails and its fate is unknown, it counts as given
        up.
        """
        if submission not in self._flights:
            self._flights.add(submission)
        submission.is_abandoned = False
        try:
            if not submission.is_doubted:
                self._broadcaster.send(submission)
        except (TransactionRejected, FeeCeilingReached, RpcRefused):
            if submission.is_broadcast:
                submission.is_abandoned = True
            else:
                with self._lock:
                    self._flights.refuse(submission)
            raise
        except DatabaseFailed:
            if not submission.is_broadcast:  # no node has it: another call can have its nonce
                self._flights.drop_unsent(submission)
            submission.is_abandoned = True
            raise
        except BaseException:
            submission.is_abandoned = True
            raise

    def _wait(self, submission: Submission) -> Receipt:
        patience = max(self._policy.seconds_per_fee, self._policy.blocks_per_fee * self._profile.block_time_seconds)
        rounds, since, head = 0, self._clock(), -1
        replacement, barred = Replacement(self._policy.proof_seconds, self._depth), None
        poll = min(self._profile.block_time_seconds / 4, self._policy.longest_poll_seconds)
        while (found := self._fates.find_receipt(submission)) is None:
            head = self._fates.head() if head < 0 else head
            if self._fates.count(submission.account.address, "latest") > submission.nonce:
                if self._is_replaced(submission, replacement):
                    self._replace(submission)
                    replacement.reset()
                    since = self._clock()
                self._sleep(poll)
                continue
            replacement.reset()
            if self._clock() - since > patience:
                if rounds == self._policy.fee_bumps:
                    raise barred or self._stuck(submission)
                rounds, since, before, head = rounds + 1, self._clock(), head, self._fates.head()
                if submission.is_doubted and self._flights.is_shared(submission):
                    self._forerunners.clear(submission, self._flights.unwatched_beside(submission))
                else:
                    barred = self._push(submission, is_moving=head > before)
            elif not submission.is_broadcast:
                self._broadcaster.send(submission)
            self._sleep(poll)
        self._flights.note_landed(submission, found.tx_hash)
        return found

    def _is_replaced(self, submission: Submission, replacement: Replacement) -> bool:
        """The nonce is used and there is no receipt: whether another transaction is proven to have used it. Raises
        TransactionStuck if that remains unclear for long.
        """
        rival = self._flights.find_landed(submission)
        if rival is not None and self._fates.is_final(rival, self._depth):
            return True
        now = self._clock()
        if replacement.note(now, self._fates.head(), self._fates.look(submission)):
            return True
        if replacement.is_overdue(now):
            raise self._stuck(submission)
        return False

    def _replace(self, submission: Submission) -> None:
        """Another transaction used the nonce: what no node ever said to have taken gets another one."""
        if submission.is_broadcast and not submission.is_doubted:
            raise TransactionReplaced(*self._describe(submission), tuple(submission.tx_hashes))
        self._renew(submission)

    def _push(self, submission: Submission, is_moving: bool) -> FeeCeilingReached | None:
        """Broadcast again, dearer if the chain has had blocks without it. Gives the ceiling that forbids to raise."""
        barred = None
        try:
            if is_moving:
                self._broadcaster.outbid(submission)
        except FeeCeilingReached as error:
            barred = error
        try:
            self._forerunners.clear(submission, self._flights.unwatched_before(submission))
            self._forerunners.fill_gap(submission)
        except (FeeCeilingReached, TransactionRejected) as error:
            log.warning("%s: what is before %s (nonce %d) stays", *self._describe(submission))
            barred = error if isinstance(error, FeeCeilingReached) else barred
        self._broadcaster.send(submission)
        return barred

    def _renew(self, submission: Submission) -> None:
        """Another nonce: only for a transaction that is proven not to be mined under the first."""
        log.warning("%s: nonce %d of %s is taken", self._profile.name, submission.nonce, submission.call.label)
        with self._lock:
            self._land(submission)
            submission.nonce = self._next_nonce(submission.account)
            submission.tx_hashes.clear()
            submission.is_broadcast = submission.is_doubted = False
            self._flights.add(submission)
            submission.sign(self._profile.evm_chain_id)

    # -- small questions -----------------------------------------------------------------------------------------

    def _next_nonce(self, account: LocalAccount) -> int:
        return self._flights.find_free_nonce(account, self._fates.count(account.address, "pending"))

    def _land(self, submission: Submission) -> None:
        with self._lock:
            self._flights.remove(submission)

    def _stuck(self, submission: Submission) -> TransactionStuck:
        return TransactionStuck(*self._describe(submission), tuple(submission.tx_hashes))

    def _describe(self, submission: Submission) -> tuple[str, str, int]:
        return self._profile.name, submission.call.label, submission.nonce


def read_estimate(found: int) -> int:
    """ValueError, which is no answer, for an estimate of nothing."""
    if found <= 0:
        raise ValueError(f"an estimate of {found} gas")
    return found
