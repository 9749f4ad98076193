"""The records that `transactions` works on: a call, the patience with which it is sent, and its submission."""

from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount

from zklink.l1.transport.rpc import RetryPolicy


@dataclass(frozen=True, slots=True)
class Call:
    """The content of a transaction: `to` is None to create a contract; `label` is for people."""

    to: str | None
    data: bytes
    label: str


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """Patience. A transaction that is not mined after `blocks_per_fee` block times (at least `seconds_per_fee`) gets a
    higher fee, `fee_bumps` times."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    fee_bumps: int = 5
    blocks_per_fee: int = 4
    seconds_per_fee: float = 10.0
    longest_poll_seconds: float = 1.0


@dataclass(slots=True)
class Submission:
    """One transaction on its way: a nonce and every version that was signed for it."""

    account: LocalAccount
    call: Call
    value_wei: int
    gas: int
    nonce: int
    fees: dict[str, int]
    raw: bytes = b""
    tx_hashes: list[bytes] = field(default_factory=list)
    is_broadcast: bool = False
    is_abandoned: bool = False

    def is_for(self, address: str, call: Call, value_wei: int) -> bool:
        """Whether this is the same account's same call."""
        mine = (self.account.address, self.call.to, self.call.data, self.value_wei)
        return mine == (address, call.to, call.data, value_wei)
