"""The open proposals of all chains, those with contracts and those with programs, by what they are about; and whether
all chains say the same, as far as they must.

Takes what was read of the chains; asks them what they have already. Never sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    def list_reasons(proposal: ProgramProposal) -> Iterator[str]:
        """What other chains say in the place of all that one of a program says."""
        said = voices[proposal.chain].statements(proposal)
        yield from (_explain(deployment, k, bridge, proposals, said) for k, bridge in bridges.items())
        yield from (voice.explain(said) for k, voice in voices.items() if k != proposal.chain)

    found = list[JoinedMatter]()
    for matter in list_matters(deployment, proposals):
        said = _read(matter.proposals[0])
        about = tuple(each for voice in voices.values() for each in voice.list_about(said))
        reasons = [matter.disagreement, *(voice.explain(said) for voice in voices.values())]
        if not any(reasons):
            reasons += [reason for each in about for reason in list_reasons(each)]
        found.append(JoinedMatter(matter, about, bool(said), _list(reasons)))
    shown = {(each.chain, each.proposal.number) for joined in found for each in joined.programs}
    for voice in voices.values():
        for each in (each for each in voice.proposals if each.is_open):
            if (each.chain, each.proposal.number) not in shown:
                is_common = bool(voice.statements(each))
                found.append(JoinedMatter(None, (each,), is_common, _list(list_reasons(each))))
    return found


def _list(reasons: Iterable[str]) -> str:
    """Each reason once."""
    return "; ".join(dict.fromkeys(filter(None, reasons)))


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
