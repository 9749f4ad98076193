"""The open proposals of all chains, those with contracts and those with programs, by what they are about; and whether
all chains say the same, as far as they must.

Takes what was read of the chains; asks them what they have already. Never sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.agreement import Statement, read_statements
from zklink.l1.deployment.records import Deployment
from zklink.protocol.errors import ActsDisagree, CallReverted
from zklink.protocol.ids import ChainId
from zklink.upkeep.common_statements import has_members, list_compared, spell
from zklink.upkeep.proposals import Known, Matter, Stand, list_matters

if TYPE_CHECKING:
    from zklink.upkeep.program_government import ProgramProposal
    from zklink.upkeep.program_statements import ProgramVoice


@dataclass(frozen=True, slots=True)
class JoinedMatter:
    """Open proposals about the same: of chains with contracts, None where none has any, and of programs. `is_common`:
    it says what all chains must say; `disagreement` is empty where they do.
    """

    matter: Matter | None
    programs: tuple[ProgramProposal, ...]
    is_common: bool
    disagreement: str

    @property
    def title(self) -> tuple[str, ...]:
        """What the first chain's says."""
        return self.programs[0].words if self.matter is None else self.matter.title


def join_matters(
    deployment: Deployment,
    bridges: Mapping[ChainId, BridgeClient],
    proposals: Sequence[Known],
    voices: Mapping[ChainId, ProgramVoice],
) -> list[JoinedMatter]:
    """All of them; `bridges` and `voices` are of the chains that answered. Raises RpcUnavailable."""
    found = [_join(matter, voices) for matter in list_matters(deployment, proposals)]
    shown = {(each.chain, each.proposal.number) for joined in found for each in joined.programs}
    for chain, voice in voices.items():
        others = [each for k, each in voices.items() if k != chain]
        for proposal in (each for each in voice.proposals if each.is_open):
            if (chain, proposal.proposal.number) in shown:
                continue
            said = voice.statements(proposal)
            reasons = [_explain(deployment, k, bridge, proposals, said) for k, bridge in bridges.items()]
            reasons += [each.explain(said) for each in others]
            found.append(JoinedMatter(None, (proposal,), bool(said), "; ".join(filter(None, reasons))))
    return found


def _join(matter: Matter, voices: Mapping[ChainId, ProgramVoice]) -> JoinedMatter:
    said = _read(matter.proposals[0])
    about = tuple(each for voice in voices.values() for each in voice.list_about(said))
    reasons = [matter.disagreement, *(voice.explain(said) for voice in voices.values())]
    return JoinedMatter(matter, about, bool(said), "; ".join(filter(None, reasons)))


def _explain(
    deployment: Deployment,
    chain: ChainId,
    bridge: BridgeClient,
    proposals: Sequence[Known],
    wanted: Sequence[Statement],
) -> str:
    """What a chain with contracts says in the place of a program's statements; empty where it says the same."""
    own = [each for each in proposals if each.chain == chain and (each.is_open or each.stand is Stand.EXECUTED)]
    said = {statement for each in own for statement in _read(each)}
    lacks = [each for each in wanted if each not in said and not _has(bridge, each)]
    if not lacks:
        return ""
    return f"{deployment.chains[chain].name} does not say {'; '.join(map(spell, lacks))}"


def _has(bridge: BridgeClient, statement: Statement) -> bool:
    """Whether a chain with contracts is already as a statement says."""
    name, *rest = cast("tuple[Any, ...]", statement)
    if name != "register_token":
        return has_members(statement, bridge.groups.members, bridge.groups.coming())
    token, chains, decimals = rest
    try:
        config = bridge.tokens.token_config(token)
    except CallReverted:
        return False
    return bool(sum(1 << chain for chain in config.chains) == chains and config.layer2_decimals == decimals)


def _read(known: Known) -> tuple[Statement, ...]:
    try:
        return tuple(list_compared(read_statements([call.data for call in known.calls])))
    except ActsDisagree:
        return ()
