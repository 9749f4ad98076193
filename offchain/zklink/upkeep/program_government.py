"""Government of a Solana chain of a deployment: what its timelock has been proposed, and acts made ready for it.

Takes a deployment, a chain whose program a timelock governs, and a node; gives proposals in words, and the call that
the owner, or anybody, sends. Sends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from zklink.l1.contracts.timelock import Waiting
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.l1.transport.receipts import BlockInfo
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.facts import Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS, ChainId, TokenId
from zklink.recovery.outcome import Window, show_time
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.loader import DATA_HEAD_BYTES, LEAST_ROOM, find_program_data, set_authority, upgrade_program
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.client.paying import read_token_state
from zklink.solana.client.program import SYSTEM, Program
from zklink.solana.client.timelock import LockedProposal, Timelock, TimelockReader, plan_call, plan_upgrade
from zklink.solana.interface import accounts, addresses, end_instructions, group_instructions, instructions
from zklink.solana.interface.forms import Instruction as Form
from zklink.solana.interface.timelock import accounts as lock_accounts
from zklink.solana.interface.timelock.texts import ProposedCall
from zklink.upkeep.announced import Announced
from zklink.upkeep.program_registering import Registrar
from zklink.upkeep.program_words import is_strange, say_planned
from zklink.upkeep.proposals import Stand


@dataclass(frozen=True, slots=True)
class ProgramProposal:
    """A proposal of a Solana chain, in words; `waiting` counts slots as blocks."""

    chain: ChainId
    proposal: LockedProposal
    words: tuple[str, ...]
    stand: Stand
    waiting: Waiting

    @property
    def is_open(self) -> bool:
        """Whether it can still be executed, now or later."""
        return self.stand in (Stand.WAITING, Stand.EXECUTABLE)

    @property
    def is_readable(self) -> bool:
        """Whether all of its calls are government's."""
        return not any(map(is_strange, self.words))

    def describe(self) -> str:
        """How it stands, and until when."""
        (ready_at, ready_in), (late_at, _) = self.waiting.ready, self.waiting.too_late
        match self.stand:
            case Stand.WAITING:
                return f"{self.stand}, from {show_time(ready_at)} and slot {ready_in} on"
            case Stand.EXECUTABLE:
                return f"{self.stand}, until {show_time(late_at)}"
            case _:
                return str(self.stand)


class ProgramGovernment:
    """The timelock of one chain. Reads raise RpcUnavailable, also where there is no timelock at its address."""

    def __init__(self, deployment: Deployment, chain: ChainId, node: SolanaNode) -> None:
        self.deployment, self.chain, self.node = deployment, chain, node
        place = deployment.programs[chain]
        self.program, self.lock = Program(decode_base58(place.program, 32)), Timelock(decode_base58(place.timelock, 32))
        self.reader = TimelockReader(node, self.lock)
        self.registrar = Registrar(node, self.program, self.lock, chain)

    # -- what is known -------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The timelock itself, as it is finalized."""
        return self.reader.read()

    def owner(self) -> str:
        """Who proposes, cancels and acts at once, in base58."""
        return encode_base58(self.state()["owner"])

    def proposals(self) -> list[ProgramProposal]:
        """Every proposal whose rent nobody has taken back, oldest first."""
        slots, slot = self.state()["slots_per_day"], self.node.slot(FINALIZED)
        now = self.node.block_time(slot)
        return [self._describe(each, slots, now, slot) for each in self.reader.read_proposals()]

    def _describe(self, proposal: LockedProposal, slots: int, now: int, slot: int) -> ProgramProposal:
        words = tuple(say_planned(self.deployment, self.chain, call) for call in proposal.calls)
        waiting = Waiting(proposal.proposed_at, proposal.proposed_in, slots)
        return ProgramProposal(self.chain, proposal, words, judge_stand(proposal, waiting, now, slot), waiting)

    def read_bridge(self) -> BridgeReading:
        """The bridge, as it is finalized."""
        return SolanaBridge(self.node, bytes(self.program.id), bytes(self.program.bridge)).read()

    def announced(self, reading: BridgeReading) -> Announced | None:
        """The members that are announced, and the newest final slot; None where none are."""
        if reading.coming is None:
            return None
        coming, pace = reading.coming, reading.fields["slots_per_day"]
        window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, pace)
        slot = self.node.slot(FINALIZED)
        return Announced(self.chain, coming, window, BlockInfo(slot, ZERO_HASH, ZERO_HASH, self.node.block_time(slot)))

    def registered(self, token: TokenId) -> tuple[int, int | None] | None:
        """The chains of a token, bit k for chain k, and its decimals on layer 2, which the program does not keep of one
        that this chain does not have: None. None for a token that is not registered.
        """
        _, [found] = self.node.accounts([str(self._token(token))], FINALIZED)
        if found is None or found.owner != str(self.program.id):
            return None
        known = accounts.TOKEN.unpack(found.data)
        is_here = known["chains"] >> self.chain & 1
        return known["chains"], known["decimals"] - len(str(known["scale"])) + 1 if is_here else None

    # -- calls that are proposed ---------------------------------------------------------------------------------

    def set_limits(self, token: TokenId, minimum: int, cap: int) -> ProposedCall:
        """Other limits of a token; it stays paused, or not, as it is now."""
        return self._set_token(token, minimum, cap, self._books(token)["is_paused"])

    def unpause(self, token: TokenId) -> ProposedCall:
        """A paused token is admitted again, with the limits that it has now."""
        books = self._books(token)
        return self._set_token(token, books["minimum"], books["cap"], 0)

    def register(self, token: TokenPlan) -> ProposedCall:
        """A token gets its meaning, also where this chain does not have it; the purse pays the rent. Raises TokenUnfit
        for what the program would refuse, RpcUnavailable.
        """
        return plan_call(self.registrar.plan(token))

    def make_ready(self, payer: Pubkey, calls: Sequence[ProposedCall]) -> list[Instruction]:
        """What anybody has to do before these calls can be made, in the same transaction: the vault of a token that
        they register, and lamports of the payer in the purse for its rent. Raises RpcUnavailable.
        """
        return self.registrar.make_ready(payer, calls)

    def bound_price(self, kind: int, low: int, high: int) -> ProposedCall:
        """What the setter may ask for a door, in lamports."""
        return plan_call(self.lock.set_price_bounds(kind, low, high))

    def name_setter(self, account: Pubkey) -> ProposedCall:
        """Somebody else sets prices."""
        return plan_call(self.lock.set_setter(account))

    def name_owner(self, account: Pubkey) -> ProposedCall:
        """The timelock belongs to somebody else, as soon as it accepts."""
        return plan_call(self.lock.set_owner(account))

    def upgrade(self, buffer: Pubkey, spill: Pubkey, code: bytes) -> ProposedCall:
        """The program becomes this code, which the buffer has; `spill` gets the buffer's lamports."""
        return plan_upgrade(upgrade_program(self.program.id, buffer, spill, self.lock.address), self.lock.address, code)

    def find_missing_room(self, code: bytes) -> int:
        """By how many bytes the program's room must grow before it takes this code; 0 if it fits. Raises
        RpcUnavailable.
        """
        _, [found] = self.node.accounts([str(find_program_data(self.program.id))])
        missing = DATA_HEAD_BYTES + len(code) - (0 if found is None else len(found.data))
        return max(LEAST_ROOM, missing) if missing > 0 else 0

    def finalise(self) -> ProposedCall:
        """Nobody may upgrade the program, ever."""
        return plan_call(set_authority(find_program_data(self.program.id), self.lock.address, None))

    def _set_token(self, token: TokenId, minimum: int, cap: int, is_paused: int) -> ProposedCall:
        values: dict[str, Any] = {"minimum": minimum, "cap": cap, "is_paused": is_paused}
        return plan_call(self._govern(instructions.SET_TOKEN, {"token": self._token(token)}, **values))

    # -- what anybody does ---------------------------------------------------------------------------------------

    def replace_members(self) -> Instruction:
        """Announced members come in, when their delay is over."""
        return self.program.encode(group_instructions.REPLACE_MEMBERS, {"bridge": self.program.bridge})

    # -- calls that count at once --------------------------------------------------------------------------------

    def tighten(self, owner: Pubkey, token: TokenId, minimum: int, cap: int) -> Instruction:
        """A higher minimum, a lower cap; a token that is paused stays so."""
        is_paused = self._books(token)["is_paused"]
        return self.lock.tighten_token(owner, self.program.id, self._token(token), is_paused, minimum, cap)

    def pause(self, owner: Pubkey, token: TokenId) -> Instruction:
        """No new swaps and deposits of a token."""
        books = self._books(token)
        place, limits = self._token(token), (books["minimum"], books["cap"])
        return self.lock.tighten_token(owner, self.program.id, place, 1, *limits)

    def announce_members(self, owner: Pubkey, group: Group, members: Sequence[str], threshold: int) -> Instruction:
        """A group gets these members, when its own delay is over."""
        listed = b"".join(sorted(bytes.fromhex(member.removeprefix("0x")) for member in members))
        form = group_instructions.ANNOUNCE_MEMBERS
        return self.lock.act(owner, self._govern(form, {}, listed, group=group, threshold=threshold))

    def withdraw_members(self, owner: Pubkey) -> Instruction:
        """The announcement that waits is forgotten."""
        return self.lock.act(owner, self._govern(group_instructions.WITHDRAW_MEMBERS, {}))

    def remove_member(self, owner: Pubkey, group: Group, member: str) -> Instruction:
        """A group has one member less."""
        values: dict[str, Any] = {"group": group, "member": bytes.fromhex(member.removeprefix("0x"))}
        return self.lock.act(owner, self._govern(group_instructions.REMOVE_MEMBER, {}, **values))

    def deny_end(self, owner: Pubkey) -> Instruction:
        """The watchers' END that waits is contested 14 days longer."""
        return self.lock.act(owner, self._govern(end_instructions.DENY_END, {"evidence": SYSTEM}, by_governor=1))

    def void_end(self, owner: Pubkey) -> Instruction:
        """The END that waits, and that the validators have denied, is void."""
        return self.lock.act(owner, self._govern(end_instructions.VOID_END, {}))

    # -- places --------------------------------------------------------------------------------------------------

    def _token(self, token: TokenId) -> Pubkey:
        return self.program.derive(addresses.token_seeds(token))

    def _books(self, token: TokenId) -> dict[str, Any]:
        return read_token_state(self.node, self.program, token)

    def _govern(self, form: Form, places: dict[str, Pubkey], tail: bytes = b"", **values: Any) -> Instruction:
        """A call of the bridge by its governor, which signs even where a call may go without."""
        both = {"governor": self.lock.address, "bridge": self.program.bridge, **places}
        return self.program.encode(form, both, tail, **values)


def judge_stand(proposal: LockedProposal, waiting: Waiting, now: int, slot: int) -> Stand:
    """How a proposal stands at a time and slot: both must have come."""
    if proposal.stage != lock_accounts.WAITING:
        return Stand.EXECUTED if proposal.stage == lock_accounts.EXECUTED else Stand.CANCELLED
    has_come = [now >= at and slot >= at_slot for at, at_slot in (waiting.ready, waiting.too_late)]
    return Stand.EXPIRED if has_come[1] else Stand.EXECUTABLE if has_come[0] else Stand.WAITING
