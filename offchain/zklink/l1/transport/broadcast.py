"""Gives signed transactions to a node, and says what its answer proves.

Takes submissions; marks them as broadcast from the moment that a node may have them. An answer that is not understood
proves nothing: the transaction may have arrived. Never takes a nonce or gives one up, never waits for a receipt.
"""

import logging
from collections.abc import Callable
from typing import Final

from web3 import Web3

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.fates import Fates
from zklink.l1.transport.market import FeeMarket
from zklink.l1.transport.rpc import Asker, Tries
from zklink.l1.transport.submission import Submission
from zklink.l1.transport.verdicts import Verdict, classify, describe
from zklink.protocol.errors import FeeCeilingReached, RpcRefused, RpcUnavailable, TransactionRejected

log = logging.getLogger(__name__)

MOST_CHANGES: Final = 16
"""How often one transaction is changed in a row (its fee, its nonce) because a node asks for it."""


class Broadcaster:
    """Broadcasts on one chain. `keep` is given each version before a node is."""

    def __init__(
        self,
        profile: ChainProfile,
        w3: Web3,
        asker: Asker,
        fates: Fates,
        market: FeeMarket,
        keep: Callable[[Submission], None],
    ) -> None:
        self._profile, self._w3, self._asker = profile, w3, asker
        self._fates, self._market, self._keep = fates, market, keep

    def send(self, submission: Submission) -> bool:
        """Broadcast. Returns also if it is unknown whether a node has it: whoever waits finds out; false if the node
        refuses this version while an earlier one may be in its pool.

        Raises TransactionRejected, FeeCeilingReached, RpcRefused if no node says that it has a version. A node may have
        taken one all the same: the caller must not send the call under another nonce before that is disproven. Raises
        what `keep` raises; then no node has this version.
        """
        tries, kept = self._asker.begin("eth_sendRawTransaction"), b""
        for _ in range(MOST_CHANGES + self._asker.policy.attempts):
            if submission.raw != kept:
                self._keep(submission)
                kept = submission.raw
            try:
                tries.rest()
                self._w3.eth.send_raw_transaction(submission.raw)
            except RpcUnavailable as error:  # it wants to be left alone
                return self._give_up(submission, error)
            except Exception as error:
                is_settled = self._settle(submission, error, tries)
                if is_settled is not None:
                    return is_settled
            else:
                submission.is_broadcast = True
                return True
        log.warning("%s: %s is still not accepted", self._profile.name, submission.call.label)
        submission.is_broadcast = True
        return True

    def outbid(self, submission: Submission) -> None:
        """Sign a version with a higher fee. Raises FeeCeilingReached, RpcUnavailable."""
        submission.fees = self._market.outbid(submission)
        chain, label, nonce = self._profile.name, submission.call.label, submission.nonce
        log.warning("%s: %s (nonce %d) is sent again with a higher fee", chain, label, nonce)
        submission.sign(self._profile.evm_chain_id)

    def _settle(self, submission: Submission, error: Exception, tries: Tries) -> bool | None:
        """What follows from a failure: the answer of `send`, or None to try again."""
        match classify(error):
            case Verdict.MISTAKE:
                raise error
            case Verdict.ALREADY_KNOWN:
                submission.is_broadcast = True
                return True
            case Verdict.NONCE_TOO_LOW:
                return self._settle_nonce(submission, error, tries)
            case Verdict.UNDERPRICED | Verdict.FEE_CAPPED:
                return self._settle_fee(submission, error)
            case Verdict.REFUSED | Verdict.REVERTED | Verdict.UNSUPPORTED | Verdict.TOO_LARGE:
                return self._settle_refusal(submission, error)
            case Verdict.DENIED:
                if submission.is_broadcast:
                    return True
                raise RpcRefused(self._profile.name, tries.what, describe(error)) from error
        return self._settle_unknown(submission, error, tries)

    def _settle_nonce(self, submission: Submission, error: Exception, tries: Tries) -> bool | None:
        """The nonce is called used. By whom is proven later, by whoever waits: this transaction may be the one."""
        if not submission.is_broadcast and not self._fates.is_known(submission):
            if self._fates.count(submission.account.address, "latest") <= submission.nonce:
                return self._settle_unknown(submission, error, tries)  # it is not used, whatever the node says
            submission.is_doubted = True
            self._keep(submission)
        submission.is_broadcast = True
        return True

    def _settle_fee(self, submission: Submission, error: Exception) -> bool | None:
        try:
            submission.fees = self._market.answer(submission, str(error))
        except FeeCeilingReached:
            if submission.is_broadcast:
                return False
            raise
        submission.sign(self._profile.evm_chain_id)
        return None

    def _settle_refusal(self, submission: Submission, error: Exception) -> bool:
        if self._fates.is_known(submission):
            submission.is_broadcast = True
            return True
        if submission.is_broadcast:
            log.warning("%s: %s: %s", self._profile.name, submission.call.label, describe(error))
            return False
        raise TransactionRejected(self._profile.name, submission.call.label, describe(error)) from error

    def _settle_unknown(self, submission: Submission, error: Exception, tries: Tries) -> bool | None:
        submission.is_broadcast = True  # it may have arrived: from now on the nonce is never given up
        log.warning("%s: sending %s: %s", self._profile.name, submission.call.label, describe(error))
        try:
            tries.fail(error)
        except RpcUnavailable:
            return True
        return None

    def _give_up(self, submission: Submission, error: RpcUnavailable) -> bool:
        if not submission.is_broadcast:
            raise error
        return True
