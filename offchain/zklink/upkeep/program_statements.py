"""What proposals of a Solana chain say that must be the same on every chain, in the statements that other chains make,
and whether the chain says it, or has it already.

Takes what was read of a chain; compares. Sends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from zklink.l1.deployment.agreement import Statement
from zklink.protocol.ids import TokenId
from zklink.solana.client.bridge import BridgeReading
from zklink.upkeep.common_statements import COMPARED, has_members, spell
from zklink.upkeep.program_government import ProgramGovernment, ProgramProposal
from zklink.upkeep.program_words import GovernedCall, read_governed
from zklink.upkeep.proposals import Stand

_SIGNER_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class ProgramVoice:
    """One chain: its timelock's proposals, and its bridge as it is finalized."""

    government: ProgramGovernment
    proposals: tuple[ProgramProposal, ...]
    reading: BridgeReading

    @property
    def name(self) -> str:
        """The chain's."""
        return self.government.node.name

    def statements(self, proposal: ProgramProposal) -> tuple[Statement, ...]:
        """What one of its proposals says that must be the same on every chain."""
        program, lock = self.government.program, self.government.lock
        read = (read_governed(program, lock, call) for call in proposal.proposal.calls)
        return tuple(_state(call) for call in filter(None, read) if call.name in COMPARED)

    def list_about(self, statements: Sequence[Statement]) -> list[ProgramProposal]:
        """Its open proposals about the same."""
        about = {_subject(each) for each in statements}
        return [each for each in self.proposals if each.is_open and about & {*map(_subject, self.statements(each))}]

    def explain(self, wanted: Sequence[Statement]) -> str:
        """What it says in the place of other chains' statements; empty where it says the same, or has it. Raises
        RpcUnavailable.
        """
        counted = [each for each in self.proposals if each.is_open or each.stand is Stand.EXECUTED]
        said = {statement for each in counted for statement in self.statements(each)}
        lacks = [each for each in wanted if each not in said and not self._has(each)]
        if not lacks:
            return ""
        others = [spell(each) for known in self.list_about(lacks) for each in self.statements(known)]
        return f"{self.name} says {'; '.join(others) or 'nothing'}, others say {'; '.join(map(spell, lacks))}"

    def _has(self, statement: Statement) -> bool:
        """Whether the program is already as a statement says."""
        name, *rest = cast("tuple[Any, ...]", statement)
        if name == "register_token":
            token, chains, decimals = rest
            found = self.government.registered(TokenId(token))
            return found is not None and found[0] == chains and found[1] in (decimals, None)
        return has_members(statement, self.reading.members, self.reading.coming)


def _state(call: GovernedCall) -> Statement:
    values, tail = call.values, call.tail
    if call.name == "register_token":
        return call.name, values["id"], values["chains"], values["layer2_decimals"]
    if call.name == "remove_member":
        return call.name, values["group"], f"0x{values['member'].hex()}"
    members = tuple(f"0x{tail[at : at + _SIGNER_BYTES].hex()}" for at in range(0, len(tail), _SIGNER_BYTES))
    return call.name, values["group"], members, values["threshold"]


def _subject(statement: Statement) -> Statement:
    """What it is about: a token, a group, a member who leaves."""
    return statement if statement[0] == "remove_member" else statement[:2]
