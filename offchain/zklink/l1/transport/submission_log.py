"""What outlives a restart of what was sent: the port to the place where submissions are kept.

A node may have every version that was kept: it is kept before it is broadcast. So after a restart the same call goes on
under its nonce, and no other call gets that nonce.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from eth_account.signers.local import LocalAccount

from zklink.l1.transport.fees import Fees
from zklink.l1.transport.submission import Call, Submission


@dataclass(frozen=True, slots=True)
class KeptSubmission:
    """A submission as it is kept: everything but its account's key. `is_refused`: a node refused it, or it had no
    effect in a block that is not final; its nonce may be another one's.
    """

    id: str
    account: str
    to: str | None
    data: bytes
    label: str
    value_wei: int
    gas: int
    nonce: int
    fee_names: list[str]
    fees_wei: list[int]
    raw: bytes
    tx_hashes: list[bytes]
    is_doubted: bool
    void_in: bytes | None
    cancelled_from: int | None
    is_refused: bool

    @classmethod
    def of(cls, submission: Submission, is_refused: bool = False) -> "KeptSubmission":
        """A submission as it is now."""
        call, fees = submission.call, submission.fees
        return cls(
            submission.id,
            submission.account.address,
            call.to,
            call.data,
            call.label,
            submission.value_wei,
            submission.gas,
            submission.nonce,
            list(fees),
            list(fees.values()),
            submission.raw,
            list(submission.tx_hashes),
            submission.is_doubted,
            submission.void_in,
            submission.cancelled_from,
            is_refused,
        )

    def restore(self, account: LocalAccount) -> Submission:
        """The submission after a restart: nobody waits for it, and a node may have it."""
        fees: Fees = dict(zip(self.fee_names, self.fees_wei, strict=True))
        restored = Submission(
            account, Call(self.to, self.data, self.label), self.value_wei, self.gas, self.nonce, fees, self.raw
        )
        restored.id = self.id
        restored.tx_hashes = list(self.tx_hashes)
        restored.is_broadcast = restored.is_abandoned = not self.is_refused
        restored.is_doubted, restored.void_in = self.is_doubted, self.void_in
        restored.cancelled_from = self.cancelled_from
        return restored


class SubmissionLog(Protocol):
    """Port: the submissions of one chain, by their ids. What is kept is durable when a call returns."""

    def load(self, address: str) -> Sequence[KeptSubmission]:
        """Everything kept of an account, by nonce."""
        ...

    def keep(self, kept: KeptSubmission) -> None:
        """Keep a submission, or what it has become in the place of what it was."""
        ...

    def drop(self, id: str) -> None:
        """Its fate is known; does nothing if it is not kept."""
        ...

    def clear(self) -> None:
        """Forget everything: for local chains that were set back."""
        ...


class NoLog:
    """For processes that end with what they send: nothing is kept."""

    def load(self, address: str) -> Sequence[KeptSubmission]:
        return ()

    def keep(self, kept: KeptSubmission) -> None:
        pass

    def drop(self, id: str) -> None:
        pass

    def clear(self) -> None:
        pass


UNLOGGED: Final = NoLog()
