"""The records that `transactions` works on: a call, the patience with which it is sent, and its submission."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.transport.fees import FeePolicy, Fees
from zklink.l1.transport.ranges import RangePolicy
from zklink.l1.transport.rpc import RetryPolicy

TRANSFER_GAS: Final = 21_000
"""The gas of a transfer of nothing to oneself, which frees the nonces after it."""


@dataclass(frozen=True, slots=True)
class Call:
    """The content of a transaction: `to` is None to create a contract; `label` is for people. `judge` is given what the
    call answers when it is tried, before it is first sent, and says why not to send it; an empty text lets it go.
    """

    to: str | None
    data: bytes
    label: str
    judge: Callable[[bytes], str] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A call that is to be sent. `extra_gas` is added to the estimate, or `gas` is the limit."""

    call: Call
    value_wei: int = 0
    gas: int | None = None
    extra_gas: int = 0


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How a client deals with one chain.

    A transaction that is not mined after `blocks_per_fee` block times (at least `seconds_per_fee`) is broadcast again,
    `fee_bumps` times: with a higher fee if the chain has new blocks, as it is if the head stands still.
    longest_poll_seconds: the longest pause between two looks at its receipt. proof_seconds: how long its nonce must be
    used, and none of its hashes known to any node, before it counts as replaced; also the nonce must have been used for
    as many blocks as the chain's confirmations. retry, fees, ranges: see there.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    fee_bumps: int = 5
    blocks_per_fee: int = 4
    seconds_per_fee: float = 10.0
    longest_poll_seconds: float = 1.0
    proof_seconds: float = 180.0
    fees: FeePolicy = field(default_factory=FeePolicy)
    ranges: RangePolicy = field(default_factory=RangePolicy)


@dataclass(slots=True, eq=False)
class Submission:
    """One transaction on its way: a nonce and every version that was signed for it.

    `is_broadcast`: a node may have a version, so the nonce is never given to another call. `is_watched`: somebody waits
    for it now. `is_abandoned`: nobody will, unless the same call is sent again. `is_doubted`: no node said that it took
    a version, and its nonce is used or another submission's: it gets another nonce once it is proven that another
    transaction used this one. `void_in`: its version that was mined without effect, as it reverted or transfers nothing
    to itself. `cancelled_from`: its versions from there on transfer nothing to itself.
    """

    account: LocalAccount
    call: Call
    value_wei: int
    gas: int
    nonce: int
    fees: Fees
    raw: bytes = b""
    tx_hashes: list[bytes] = field(default_factory=list)
    is_broadcast: bool = False
    is_watched: bool = False
    is_abandoned: bool = False
    is_doubted: bool = False
    void_in: bytes | None = None
    cancelled_from: int | None = None
    id: str = field(default_factory=lambda: uuid4().hex)
    """Its name in the log of submissions."""

    @property
    def is_cancelled(self) -> bool:
        """Whether its versions from `cancelled_from` on are transfers to itself."""
        return self.cancelled_from is not None

    @property
    def gas_limit(self) -> int:
        """The gas limit of its next version."""
        return TRANSFER_GAS if self.is_cancelled else self.gas

    def is_cancellation(self, tx_hash: bytes) -> bool:
        """Whether this version is a transfer to itself."""
        return self.cancelled_from is not None and tx_hash in self.tx_hashes[self.cancelled_from :]

    def is_for(self, address: str, call: Call, value_wei: int) -> bool:
        """Whether this is the same account's same call."""
        mine = (self.account.address, self.call.to, self.call.data, self.value_wei)
        return mine == (address, call.to, call.data, value_wei)

    def sign(self, evm_chain_id: int) -> None:
        """Sign a version of it with its present fees. Once it `is_cancelled`, a version is a transfer to itself."""
        is_call = not self.is_cancelled
        transaction: dict[str, Any] = {
            "chainId": evm_chain_id,
            "nonce": self.nonce,
            "gas": self.gas_limit,
            "value": self.value_wei if is_call else 0,
            "data": self.call.data if is_call else b"",
            **self.fees,
        }
        to = self.call.to if is_call else self.account.address
        if to is not None:
            transaction["to"] = to_checksum_address(to)
        signed = self.account.sign_transaction(transaction)
        self.raw = bytes(signed.raw_transaction)
        if bytes(signed.hash) not in self.tx_hashes:
            self.tx_hashes.append(bytes(signed.hash))
