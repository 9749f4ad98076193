"""The end of one chain, typed: freezes called, announced and confirmed, the contest about END, secession.

Takes a chain's client and the contract's address. Views give plain records; calls wait for their receipt. Never decides
what to send and when.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import Announcement, EndState, FreezeCall
from zklink.l1.contracts.contract_client import ContractClient
from zklink.l1.contracts.groups import NO_EVIDENCE, GroupsClient
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import MismatchCall
from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.facts import Accepted, End, Frozen
from zklink.protocol.ids import BlockNumber, ChainId, Lane

Point: TypeAlias = tuple[BlockNumber, bytes]
"""A block of a history: its number and sync hash."""

PRIMARY_END: Final = "PrimaryEnd"
MEMBER_END: Final = "MemberEnd"


class EndClient(ContractClient):
    """What both ends have. Use PrimaryEndClient or MemberEndClient for their own calls."""

    contract_name = PRIMARY_END

    def is_frozen(self, block: int | None = None) -> bool:
        """Whether the chain accepts nothing new and takes no requests: frozen or, on the primary, silent."""
        return bool(self._read("is_frozen", block=block))

    def may_open(self, block: int | None = None) -> bool:
        """Whether exodus may begin."""
        return bool(self._read("may_open", block=block))

    def freeze_call(self, lane: Lane, block: int | None = None) -> FreezeCall:
        """The request over which a freeze is called; all zero where none is."""
        return FreezeCall(*self._read("freeze_call", int(lane), block=block))

    def groups(self) -> str:
        """The address of the chain's Groups."""
        return to_checksum_address(self._read("groups"))

    def blocks_per_day(self) -> int:
        """The blocks of this chain that a window needs for each of its days."""
        return int(self._read("blocks_per_day"))

    def call_freeze(self, account: LocalAccount, lane: Lane, words: Sequence[int]) -> Receipt:
        """Call a freeze over the lane's oldest request, given by its words, that no block contains after
        EXPIRY_SECONDS.
        """
        return self._send(account, "call_freeze", int(lane), list(words))

    def confirm_freeze(self, account: LocalAccount, lane: Lane) -> Receipt:
        """Freeze the chain, FREEZE_DELAY_SECONDS after the call, if the request still waits."""
        return self._send(account, "confirm_freeze", int(lane))

    def _by_governor(self, account: LocalAccount, function: str, *arguments: object) -> Receipt:
        return self._govern(account, GroupsClient(self.client, self.groups()).governor(), function, *arguments)


class PrimaryEndClient(EndClient):
    """The primary's end."""

    contract_name = PRIMARY_END

    def is_silent(self, block: int | None = None) -> bool:
        """Whether the primary has accepted nothing for SILENCE_SECONDS."""
        return bool(self._read("is_silent", block=block))

    def announcement(self, chain: ChainId, block: int | None = None) -> Announcement:
        """The round of a member's FRZ, and when and in which block it was shown; zero where none waits."""
        return Announcement(*self._read("announcement", chain, block=block))

    def announce_freeze(self, account: LocalAccount, fact: Frozen, watchers: bytes) -> Receipt:
        """Show FRZ: the primary freezes FREEZE_DELAY_SECONDS later, unless the governor voids it."""
        return self._send(account, "announce_freeze", fact.chain, fact.round, watchers)

    def void_freeze(self, governor: LocalAccount, chain: ChainId) -> Receipt:
        """Void a member's FRZ; only a word for the next round counts."""
        return self._by_governor(governor, "void_freeze", chain)

    def freeze_for(self, account: LocalAccount, chain: ChainId) -> Receipt:
        """Freeze the primary over a member's FRZ."""
        return self._send(account, "freeze_for", chain)

    def freeze_for_silence(self, account: LocalAccount) -> Receipt:
        """Freeze a silent primary, at once."""
        return self._send(account, "freeze_for_silence")


class MemberEndClient(EndClient):
    """A member's end."""

    contract_name = MEMBER_END

    def end_state(self, block: int | None = None) -> EndState:
        """The END that is raised here, and how far the contest about it has come."""
        return EndState.from_abi(self._read("end_state", block=block))

    def ended(self, block: int | None = None) -> Point:
        """Number and sync hash of the block at which this chain ends; (0, zeros) while no END stands."""
        number, sync_hash = self._read("ended", block=block)
        return BlockNumber(number), bytes(sync_hash)

    def is_opened(self, base: Point, top: Point) -> bool:
        """Whether `open_path` has shown that the history up to `top` contains `base`."""
        return bool(self._read("is_opened", *base, *top))

    def open_path(self, account: LocalAccount, base: Point, top: Point, path: Sequence[bytes]) -> Receipt:
        """Show by the commitments between them that the history up to `top` contains `base`."""
        return self._send(account, "open_path", *base, *top, list(path))

    def raise_end(
        self,
        account: LocalAccount,
        fact: End,
        later: Sequence[bytes],
        seal: bytes,
        validators: bytes = NO_EVIDENCE,
        watchers: bytes = NO_EVIDENCE,
    ) -> Receipt:
        """Raise END. `later` are the commitments of the blocks after this chain's tip, up to the END's; `seal` is the
        validators' seal of the last (not read for the genesis, nor where they say END themselves). The account acts as
        the governor where the watchers are silent.
        """
        arguments = (fact.number, fact.sync_hash, list(later), seal, validators, watchers)
        if watchers:
            return self._send(account, "raise_end", *arguments)
        return self._by_governor(account, "raise_end", *arguments)

    def deny_end(self, account: LocalAccount, evidence: bytes = NO_EVIDENCE) -> Receipt:
        """Deny the END that waits: the watchers' by the validators' evidence, one of validators and governor by the
        watchers'; the governor, who denies the watchers' too, brings none.
        """
        if evidence:
            return self._send(account, "deny_end", evidence)
        return self._by_governor(account, "deny_end", evidence)

    def void_end(self, governor: LocalAccount) -> Receipt:
        """The governor voids an END that validators have denied."""
        return self._by_governor(governor, "void_end")

    def fell_end(
        self,
        account: LocalAccount,
        fact: Accepted,
        validators: bytes,
        watchers: bytes,
        *,
        ends_hash: bytes = ZERO_HASH,
        path: Sequence[bytes] = (),
    ) -> Receipt:
        """Fell the END that waits by an ACC of both groups: for a block above it, or for another history at or below
        it; then `ends_hash` is what END's own history has at that number, and `path` leads from there to END.
        """
        arguments = (fact.number, fact.sync_hash, ends_hash, list(path), validators, watchers)
        return self._send(account, "fell_end", *arguments)

    def stand_end(self, account: LocalAccount, later: Sequence[bytes]) -> Receipt:
        """Let END stand after its window; `later` leads from the tip to it."""
        return self._send(account, "stand_end", list(later))

    def show_mismatch(self, account: LocalAccount, call: MismatchCall) -> Receipt:
        """Show the block next to the tip that the own queue cannot match: freezes, or secedes from a standing END."""
        return self._send(account, "show_mismatch", *call.abi())
