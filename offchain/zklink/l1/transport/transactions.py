"""Sending transactions so that each takes effect at most once.

Takes calls, signs them here, gives receipts. Never signs one call under two nonces: a transaction gets its nonce once,
and every retry (the node is away, the fee is too low, the answer is lost) uses the same nonce, so no two versions can
both be mined. A submission whose fate is unknown is kept, and if the caller sends the identical call again, it
continues that submission. If another call follows instead, the kept one is broadcast again before it, so no transaction
waits behind a nonce that no node has.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import TransactionNotFound
from web3.types import TxParams, Wei

from zklink.l1.transport.fees import is_cheaper, raise_fees, read_fees
from zklink.l1.transport.in_flight import Flights
from zklink.l1.transport.profile import ChainProfile
from zklink.l1.transport.receipts import Receipt, decode_receipt
from zklink.l1.transport.rpc import Verdict, ask, classify, decode_reason, describe
from zklink.l1.transport.submission import Call, SendPolicy, Submission
from zklink.protocol.errors import (
    CallReverted,
    RpcUnavailable,
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

LOST_POLLS: Final = 5
"""How often the nonce must be seen as used, without a receipt of ours, before the transaction counts as replaced."""


class Sender:
    """Sends for any number of accounts on one chain; one instance per chain and process.

    With `gas_limit`, calls are tried once with `eth_call` and sent with that limit; without, gas is estimated.
    """

    def __init__(
        self,
        profile: ChainProfile,
        w3: Web3,
        policy: SendPolicy,
        *,
        gas_limit: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profile, self._w3, self._policy = profile, w3, policy
        self._gas_limit, self._sleep, self._clock = gas_limit, sleep, clock
        self._lock = threading.RLock()
        self._flights = Flights()

    def forget(self) -> None:
        """Drop every submission in flight: for local chains that were set back to an earlier state."""
        with self._lock:
            self._flights.clear()

    def submit(self, account: LocalAccount, call: Call, value_wei: int = 0, gas: int | None = None) -> Submission:
        """Sign and broadcast. Raises CallReverted if the contract refuses, TransactionRejected, RpcUnavailable."""
        with self._lock:
            submission = self._flights.find_abandoned(account, call, value_wei)
            if submission is None:
                limit = gas if gas is not None else self.estimate(account.address, call, value_wei)
                fees = self._fees()
                submission = Submission(account, call, value_wei, limit, self._next_nonce(account), fees)
                self._sign(submission)
            else:
                log.warning("%s: taking up %s with nonce %d again", *self._describe(submission))
            self._clear_way(submission)
            self._start(submission)
            return submission

    def wait(self, submission: Submission) -> Receipt:
        """Wait until mined; raise the fee when it takes too long. Raises TransactionReverted, TransactionReplaced,
        TransactionStuck, RpcUnavailable; after the last two the same call, sent again, continues this submission."""
        try:
            data = self._wait(submission)
        except TransactionReplaced:
            self._land(submission)
            raise
        except Exception:
            submission.is_abandoned = True
            raise
        self._land(submission)
        receipt = decode_receipt(data)
        if not receipt.is_success:
            reason = self._replay(submission, receipt.block_number)
            raise TransactionReverted(self._profile.name, submission.call.label, reason, receipt.tx_hash)
        return receipt

    def estimate(self, address: str, call: Call, value_wei: int) -> int:
        """Gas limit for a call; CallReverted with the contract's reason, TransactionRejected if it cannot be paid."""
        transaction = _plain(address, call, value_wei)
        try:
            if self._gas_limit is not None:
                limit = self._gas_limit
                self._ask(call.label, lambda: self._w3.eth.call({**transaction, "gas": limit}))
                return limit
            estimated: int = self._ask(call.label, lambda: self._w3.eth.estimate_gas(transaction))
        except (CallReverted, RpcUnavailable):
            raise
        except Exception as error:
            if classify(error) is None:
                raise
            raise TransactionRejected(self._profile.name, call.label, describe(error)) from error
        return max(estimated, min(estimated * GAS_MARGIN[0] // GAS_MARGIN[1], TRANSACTION_GAS))

    # -- the life of one submission ------------------------------------------------------------------------------

    def _start(self, submission: Submission) -> None:
        """Broadcast a submission that somebody will wait for. If that fails and its fate is unknown, it counts as given
        up.
        """
        if not submission.is_abandoned:
            self._flights.add(submission)
        submission.is_abandoned = False
        try:
            self._broadcast(submission)
        except TransactionRejected:
            self._land(submission)
            raise
        except Exception:
            submission.is_abandoned = True
            raise

    def _clear_way(self, submission: Submission) -> None:
        """Broadcast again the submissions with lower nonces that were given up and are not mined yet, with fees not
        below this one's.

        From then on each counts as broadcast: it keeps its nonce for ever, so it cannot be mined twice.
        """
        with self._lock:
            ahead = self._flights.abandoned_before(submission)
            mined = self._count(submission.account.address, "latest") if ahead else 0
            for earlier in (flight for flight in ahead if flight.nonce >= mined):
                log.warning("%s: %s with nonce %d is sent again: others wait behind it", *self._describe(earlier))
                earlier.is_broadcast = True
                if is_cheaper(earlier.fees, submission.fees):
                    self._raise_fees(earlier)
                self._broadcast(earlier)

    def _wait(self, submission: Submission) -> Any:
        patience = max(self._policy.seconds_per_fee, self._policy.blocks_per_fee * self._profile.block_time_seconds)
        bumps, lost, since = 0, 0, self._clock()
        while True:
            found = self._find_receipt(submission)
            if found is not None:
                return found
            if self._count(submission.account.address, "latest") > submission.nonce:
                found = self._find_receipt(submission)
                if found is not None:
                    return found
                lost += 1
                if not submission.is_broadcast:
                    self._renew(submission)
                elif lost >= LOST_POLLS:
                    raise TransactionReplaced(*self._describe(submission), tuple(submission.tx_hashes))
            elif self._clock() - since > patience:
                if bumps == self._policy.fee_bumps:
                    raise TransactionStuck(*self._describe(submission), tuple(submission.tx_hashes))
                bumps, since = bumps + 1, self._clock()
                self._raise_fees(submission)
                self._clear_way(submission)
                self._broadcast(submission)
            elif not submission.is_broadcast:
                self._broadcast(submission)
            self._sleep(self._poll_seconds())

    def _broadcast(self, submission: Submission) -> None:
        """Give the signed transaction to the node. Returns even if it is unknown whether the node has it: `_wait` finds
        out.
        """
        policy, detail = self._policy.retry, ""
        for attempt in range(policy.attempts + self._policy.fee_bumps):
            try:
                self._w3.eth.send_raw_transaction(submission.raw)
                submission.is_broadcast = True
                return
            except Exception as error:
                verdict, detail = classify(error), describe(error)
                if verdict is None:
                    raise
                if verdict is Verdict.ALREADY_KNOWN:
                    submission.is_broadcast = True
                    return
                if verdict is Verdict.NONCE_TOO_LOW:
                    if self._find_receipt(submission) is not None or submission.is_broadcast:
                        return
                    self._renew(submission)
                elif verdict is Verdict.UNDERPRICED:
                    self._raise_fees(submission)
                elif verdict is Verdict.UNREACHABLE:
                    submission.is_broadcast = True  # it may have arrived: from now on the nonce is never given up
                    log.warning("%s: sending %s: %s", self._profile.name, submission.call.label, detail)
                    self._sleep(policy.pause(attempt))
                elif not submission.is_broadcast:
                    raise TransactionRejected(self._profile.name, submission.call.label, detail) from error
                else:
                    return
        if detail:
            log.warning("%s: %s is still not accepted: %s", self._profile.name, submission.call.label, detail)

    def _raise_fees(self, submission: Submission) -> None:
        submission.fees = raise_fees(submission.fees, self._fees())
        log.warning("%s: %s (nonce %d) is sent again with a higher fee", *self._describe(submission))
        self._sign(submission)

    def _renew(self, submission: Submission) -> None:
        """Another nonce: only for a transaction that no node ever took."""
        log.warning("%s: nonce %d of %s is taken", self._profile.name, submission.nonce, submission.call.label)
        with self._lock:
            self._land(submission)
            submission.nonce = self._next_nonce(submission.account)
            submission.tx_hashes.clear()
            self._flights.add(submission)
            self._sign(submission)

    def _sign(self, submission: Submission) -> None:
        transaction: dict[str, Any] = {
            "chainId": self._profile.evm_chain_id,
            "nonce": submission.nonce,
            "gas": submission.gas,
            "value": submission.value_wei,
            "data": submission.call.data,
            **submission.fees,
        }
        if submission.call.to is not None:
            transaction["to"] = to_checksum_address(submission.call.to)
        signed = submission.account.sign_transaction(transaction)
        submission.raw = bytes(signed.raw_transaction)
        submission.tx_hashes.append(bytes(signed.hash))

    def _find_receipt(self, submission: Submission) -> Any:
        for tx_hash in reversed(submission.tx_hashes):
            try:
                data = self._ask(
                    "eth_getTransactionReceipt", partial(self._w3.eth.get_transaction_receipt, HexBytes(tx_hash))
                )
            except TransactionNotFound:
                continue
            if data["blockNumber"] is not None:
                return data
        return None

    def _replay(self, submission: Submission, block_number: int) -> str:
        """Why a mined transaction reverted: called again on the state before its block."""
        transaction = {
            **_plain(submission.account.address, submission.call, submission.value_wei),
            "gas": submission.gas,
        }
        for block in (block_number - 1, block_number):
            try:
                self._w3.eth.call(transaction, block_identifier=block)  # type: ignore[arg-type]
            except Exception as error:
                if classify(error) is Verdict.REVERTED:
                    return decode_reason(error)
        return "unknown; it passes on the state around its block (out of gas?)"

    # -- small questions -----------------------------------------------------------------------------------------

    def _next_nonce(self, account: LocalAccount) -> int:
        return self._flights.find_free_nonce(account, self._count(account.address, "pending"))

    def _count(self, address: str, block: str) -> int:
        checksum = to_checksum_address(address)
        count = partial(self._w3.eth.get_transaction_count, checksum, block)  # type: ignore[arg-type]
        return int(self._ask("eth_getTransactionCount", count))

    def _fees(self) -> dict[str, int]:
        return read_fees(self._w3, self._ask)

    def _land(self, submission: Submission) -> None:
        with self._lock:
            self._flights.remove(submission)

    def _poll_seconds(self) -> float:
        return min(self._profile.block_time_seconds / 4, self._policy.longest_poll_seconds)

    def _describe(self, submission: Submission) -> tuple[str, str, int]:
        return self._profile.name, submission.call.label, submission.nonce

    def _ask(self, what: str, request: Callable[[], Any]) -> Any:
        return ask(self._profile.name, what, request, self._policy.retry, self._sleep)


def _plain(address: str, call: Call, value_wei: int) -> TxParams:
    transaction: TxParams = {"from": to_checksum_address(address), "data": call.data, "value": Wei(value_wei)}
    if call.to is not None:
        transaction["to"] = to_checksum_address(call.to)
    return transaction
