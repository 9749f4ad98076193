"""The timelock of a Solana chain as something that is called and read: instructions for its owner, its setter and
anybody, and what it keeps.

Takes a program's address, and a node for reading. Never decides what to propose, and sends nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from zklink.primitives.base58 import encode_base58
from zklink.protocol.errors import RpcUnavailable
from zklink.solana.client.loader import buffer_content, find_program_data
from zklink.solana.client.node import FINALIZED, AccountData, Level, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.interface import instructions as governed
from zklink.solana.interface.forms import Instruction as Form
from zklink.solana.interface.timelock import accounts, instructions
from zklink.solana.interface.timelock.texts import Named, ProposedCall, decode_calls, encode_calls, pin_of

READ_AT_ONCE: Final = 100
"""Accounts that a node gives in one answer."""
MOST_PROPOSALS: Final = 100_000
"""Proposals that are looked at, a thousand questions; a node that says a greater number would have no end."""


class Timelock:
    """The instructions of one deployed timelock. `program` has 32 bytes; `address` is the governor that it is."""

    def __init__(self, program: bytes) -> None:
        self.id = Pubkey(program)
        self.address = self._derive(accounts.TIMELOCK_SEEDS)
        self.purse = self._derive(accounts.PURSE_SEEDS)

    def proposal(self, number: int) -> Pubkey:
        """Where a proposal is kept."""
        return self._derive(accounts.proposal_seeds(number))

    # -- once ----------------------------------------------------------------------------------------------------

    def init(
        self, authority: Pubkey, owner: Pubkey, program: Pubkey, slots_per_day: int, swift: int | None = None
    ) -> Instruction:
        """Make it, to govern `program`; `authority` may upgrade this timelock's program, and gives that up next."""
        places = {"authority": authority, "program_data": find_program_data(self.id), "system_program": SYSTEM}
        bits = swift_bits() if swift is None else swift
        named = {"owner": bytes(owner), "program": bytes(program)}
        values: dict[str, Any] = {**named, "slots_per_day": slots_per_day, "swift": bits}
        return self._encode(instructions.INIT, places, **values)

    def close_founding(self, owner: Pubkey) -> Instruction:
        """End the founding for good."""
        return self._encode(instructions.CLOSE_FOUNDING, {"owner": owner})

    # -- what waits ----------------------------------------------------------------------------------------------

    def propose(self, owner: Pubkey, payer: Pubkey, number: int, calls: Sequence[ProposedCall]) -> Instruction:
        """Propose calls; `number` is the next one, the payer lends the rent. ValueError for calls that do not fit."""
        places = {"owner": owner, "payer": payer, "proposal": self.proposal(number), "system_program": SYSTEM}
        return self._encode(instructions.PROPOSE, places, encode_calls(calls), calls=len(calls))

    def execute(self, number: int, calls: Sequence[ProposedCall]) -> Instruction:
        """Make the calls of a proposal, by anybody."""
        base = self._encode(instructions.EXECUTE, {"proposal": self.proposal(number)})
        for call in calls:
            base.accounts = [
                *base.accounts,
                AccountMeta(Pubkey(call.program), False, False),
                *map(_unsigned, call.accounts),
            ]
        return base

    def cancel(self, owner: Pubkey, number: int) -> Instruction:
        """Take a proposal back."""
        return self._encode(instructions.CANCEL, {"owner": owner, "proposal": self.proposal(number)})

    def close_proposal(self, payer: Pubkey, number: int) -> Instruction:
        """Give the rent of a proposal that is executed or cancelled back to who has paid for it."""
        return self._encode(instructions.CLOSE_PROPOSAL, {"payer": payer, "proposal": self.proposal(number)})

    # -- what does not wait --------------------------------------------------------------------------------------

    def act(self, owner: Pubkey, call: Instruction) -> Instruction:
        """Make a call at once: a swift one, in the founding any. Others who sign it sign the transaction."""
        base = self._encode(instructions.ACT, {"owner": owner, "program": call.program_id}, bytes(call.data))
        own = (self.address, self.purse)
        metas = [AccountMeta(m.pubkey, m.is_signer and m.pubkey not in own, m.is_writable) for m in call.accounts]
        base.accounts = [*base.accounts, *metas]
        return base

    def tighten_token(
        self, owner: Pubkey, program: Pubkey, token: Pubkey, is_paused: int, minimum: int, cap: int
    ) -> Instruction:
        """Pause (`is_paused` 1) a token that the governed program keeps at `token`, or let less of it in, at once."""
        places = {"owner": owner, "program": program, "bridge": _bridge_of(program), "token": token}
        values: dict[str, Any] = {"is_paused": is_paused, "minimum": minimum, "cap": cap}
        return self._encode(instructions.TIGHTEN_TOKEN, places, **values)

    def set_price(self, setter: Pubkey, program: Pubkey, kind: int, price: int) -> Instruction:
        """Set a price within its bounds, in lamports."""
        places = {"setter": setter, "program": program, "bridge": _bridge_of(program)}
        return self._encode(instructions.SET_PRICE, places, kind=kind, price=price)

    def accept_ownership(self, heir: Pubkey) -> Instruction:
        """Become the owner, if named."""
        return self._encode(instructions.ACCEPT_OWNERSHIP, {"heir": heir})

    # -- calls to itself: to be proposed, or for `act` in the founding ------------------------------------------

    def set_owner(self, account: Pubkey) -> Instruction:
        """Name the next owner, which accepts; SYSTEM for nobody."""
        return self._encode(instructions.SET_OWNER, {}, account=bytes(account))

    def set_setter(self, account: Pubkey) -> Instruction:
        """Name who sets prices; SYSTEM for nobody."""
        return self._encode(instructions.SET_SETTER, {}, account=bytes(account))

    def set_price_bounds(self, kind: int, low: int, high: int) -> Instruction:
        """Bound what the setter may ask for a door, in lamports."""
        return self._encode(instructions.SET_PRICE_BOUNDS, {}, kind=kind, low=low, high=high)

    def _derive(self, seeds: Sequence[bytes]) -> Pubkey:
        return Pubkey.find_program_address(list(seeds), self.id)[0]

    def _encode(self, form: Form, places: Mapping[str, Pubkey], tail: bytes = b"", **values: Any) -> Instruction:
        found = {"timelock": self.address, **places}
        metas = [AccountMeta(found[role.name], role.is_signer, role.is_writable) for role in form.roles]
        return Instruction(self.id, form.encode(tail, **values), metas)


def swift_bits() -> int:
    """The governed program's calls that the owner makes at once, a bit each."""
    return sum(1 << call.number for call in governed.INSTRUCTIONS if call.name in instructions.SWIFT)


def plan_call(call: Instruction, pins: Mapping[Pubkey, bytes] | None = None) -> ProposedCall:
    """An instruction as it is proposed; `pins` are what accounts must hold when it is made, as they are then."""
    known = {key: pin_of(data) for key, data in (pins or {}).items()}
    named = (Named(bytes(m.pubkey), m.is_signer, m.is_writable, known.get(m.pubkey, b"")) for m in call.accounts)
    return ProposedCall(bytes(call.program_id), tuple(named), bytes(call.data))


def plan_upgrade(call: Instruction, timelock: Pubkey, code: bytes) -> ProposedCall:
    """An upgrade of the loader (`upgrade_program`) to this code, which must be the buffer's and the timelock's then."""
    return plan_call(call, {call.accounts[2].pubkey: buffer_content(timelock, code)})


def _unsigned(account: Named) -> AccountMeta:
    return AccountMeta(Pubkey(account.key), False, account.is_writable)


def _bridge_of(program: Pubkey) -> Pubkey:
    return Pubkey.find_program_address([b"bridge"], program)[0]


@dataclass(frozen=True, slots=True)
class LockedProposal:
    """A proposal as a node shows it. `stage` is WAITING, EXECUTED or CANCELLED of `accounts`."""

    number: int
    stage: int
    proposed_at: int
    proposed_in: int
    payer: bytes
    calls: tuple[ProposedCall, ...]


class TimelockReader:
    """What a timelock keeps, at a node."""

    def __init__(self, node: SolanaNode, timelock: Timelock) -> None:
        self.node, self.timelock = node, timelock

    def read(self, level: Level = FINALIZED) -> dict[str, Any]:
        """The timelock itself, the fields of `accounts.TIMELOCK`. Raises RpcUnavailable, also where there is none."""
        return self._read(level)[1]

    def is_founding(self, level: Level = FINALIZED) -> bool:
        """Whether its founding is open. Raises RpcUnavailable, also where there is no timelock."""
        slot, fields = self._read(level)
        return is_founding(fields, self.node.block_time(slot))

    def _read(self, level: Level) -> tuple[int, dict[str, Any]]:
        slot, [found] = self.node.accounts([str(self.timelock.address)], level)
        data = self._own_data(found)
        if len(data) != accounts.TIMELOCK.size:
            raise RpcUnavailable(self.node.name, "getMultipleAccounts", 1, "there is no timelock at its address")
        return slot, accounts.TIMELOCK.unpack(data)

    def read_proposals(self, level: Level = FINALIZED) -> list[LockedProposal]:
        """Every proposal that is not closed, oldest first. Raises RpcUnavailable."""
        count = self.read(level)["count"]
        if count > MOST_PROPOSALS:
            detail = f"there are {count} proposals, more than anybody can look at"
            raise RpcUnavailable(self.node.name, "getMultipleAccounts", 1, detail)
        numbers = range(1, count + 1)
        found = list[LockedProposal]()
        for at in range(0, len(numbers), READ_AT_ONCE):
            part = numbers[at : at + READ_AT_ONCE]
            _, held = self.node.accounts([str(self.timelock.proposal(number)) for number in part], level)
            try:
                found += [read_proposal(data) for data in map(self._own_data, held) if data]
            except ValueError as error:
                detail = f"a proposal is none: {error}"
                raise RpcUnavailable(self.node.name, "getMultipleAccounts", 1, detail) from error
        return found

    def _own_data(self, found: AccountData | None) -> bytes:
        """What an account of the program holds; nothing for another one."""
        is_own = found is not None and found.owner == encode_base58(bytes(self.timelock.id))
        return found.data if found is not None and is_own else b""


def is_founding(timelock: Mapping[str, Any], now: int) -> bool:
    """Whether a founding is open at a time of the cluster (UNIX seconds): nobody has closed it, and its week runs."""
    return now < int(timelock["founding_ends"])


def read_proposal(data: bytes) -> LockedProposal:
    """A proposal from what its account holds. ValueError for anything else."""
    head = accounts.PROPOSAL.unpack(data[: accounts.PROPOSAL.size])
    if head["tag"] != accounts.PROPOSAL_TAG:
        raise ValueError("not a proposal")
    calls = decode_calls(data[accounts.PROPOSAL.size :], head["calls"])
    return LockedProposal(head["number"], head["stage"], head["proposed_at"], head["proposed_in"], head["payer"], calls)
