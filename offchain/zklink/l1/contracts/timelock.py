"""The timelock of one chain, typed: what its owner proposes, what waits, what anybody executes, what is done at once.

Takes a chain's client and the contract's address. Views give plain records; calls wait for their receipt. Never decides
what to propose.
"""

from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.contracts.governed import TIMELOCK, act_at_once
from zklink.l1.transport.receipts import Receipt
from zklink.l1.transport.submission import Call
from zklink.protocol.ids import DAY, GRACE_SECONDS, GROUP_DELAY_SECONDS

MAX_CALLS: Final = 8
"""Calls of one proposal."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Calls that are made together. `salt`, 32 bytes, tells proposals of the same calls apart."""

    calls: tuple[Call, ...]
    salt: bytes = bytes(32)

    def abi(self) -> tuple[object, ...]:
        """What `propose` and `execute` take."""
        calls = [(to_checksum_address(str(call.to)), 0, call.data) for call in self.calls]
        return calls, self.salt


@dataclass(frozen=True, slots=True)
class Waiting:
    """The time (UNIX seconds) and the block of a proposal, and when and in which block its delay and its grace end."""

    proposed_at: int
    proposed_in: int
    blocks_per_day: int

    @property
    def ready(self) -> tuple[int, int]:
        """From when and from which block on anybody can execute it: both must have come."""
        return self._after(GROUP_DELAY_SECONDS)

    @property
    def too_late(self) -> tuple[int, int]:
        """From when and from which block on nobody can execute it: when both have come."""
        return self._after(GROUP_DELAY_SECONDS + GRACE_SECONDS)

    def _after(self, seconds: int) -> tuple[int, int]:
        return self.proposed_at + seconds, self.proposed_in + seconds // DAY * self.blocks_per_day


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose a timelock is, and whose it becomes when `coming` accepts; NO_ADDRESS for nobody."""

    owner: str
    coming: str

    def is_of(self, governor: str) -> bool:
        """Whether it is a governor's, or at least only waits for that governor to accept."""
        return int(governor, 16) in (int(self.owner, 16), int(self.coming, 16))


class TimelockClient(ContractClient):
    """The governor of a chain's registry, groups and end."""

    contract_name = TIMELOCK

    def owner(self, block: int | None = None) -> str:
        """Who proposes, cancels and acts at once."""
        return to_checksum_address(self._read("owner", block=block))

    def coming_owner(self, block: int | None = None) -> str:
        """Who becomes the owner when it accepts; NO_ADDRESS for nobody."""
        return to_checksum_address(self._read("coming_owner", block=block))

    def ownership(self, block: int | None = None) -> Ownership:
        """Both of them."""
        return Ownership(self.owner(block), self.coming_owner(block))

    def is_founding(self) -> bool:
        """Whether the owner can call anything at once: nobody should bring money in yet."""
        return bool(self._read("is_founding"))

    def is_swift(self, call: Call) -> bool:
        """Whether the owner may make a call at once after the founding."""
        return bool(self._read("is_swift", to_checksum_address(str(call.to)), call.data[:4]))

    def blocks_per_day(self) -> int:
        """The blocks of this chain that the delay needs for each of its days."""
        return int(self._read("blocks_per_day"))

    def compute_id(self, proposal: Proposal) -> bytes:
        """The id of a proposal on this chain."""
        return bytes(self._read("compute_id", *proposal.abi()))

    def waiting(self, proposal_id: bytes) -> Waiting | None:
        """Since when a proposal waits; None if it does not."""
        time, height = self._read("proposed", proposal_id)
        return Waiting(time, height, self.blocks_per_day()) if time else None

    def propose(self, owner: LocalAccount, proposal: Proposal) -> Receipt:
        """Propose calls; anybody can execute them GROUP_DELAY_SECONDS later."""
        return self._send(owner, "propose", *proposal.abi())

    def execute(self, account: LocalAccount, proposal: Proposal) -> Receipt:
        """Make the calls of a proposal."""
        return self._send(account, "execute", *proposal.abi())

    def cancel(self, owner: LocalAccount, proposal_id: bytes) -> Receipt:
        """Take a proposal back."""
        return self._send(owner, "cancel", proposal_id)

    def act(self, owner: LocalAccount, call: Call) -> Receipt:
        """Make a swift call at once; while the system is being founded, any call."""
        return self.client.send(owner, act_at_once(self.client, self.address, call))

    def close_founding(self, owner: LocalAccount) -> Receipt:
        """End the founding for good."""
        return self._send(owner, "close_founding")

    def accept_ownership(self, account: LocalAccount) -> Receipt:
        """Become the owner, if named."""
        return self._send(account, "accept_ownership")
