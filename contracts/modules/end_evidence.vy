# pragma version 0.4.3
"""
@title end_evidence
@license Apache-2.0
@notice What a member's end asks of others before it believes: the groups for evidence, the history for what is imported
        here. Reverts, or gives nothing. Never changes anything.
"""

from ..interfaces import IHistory
from . import constants
from . import end_contest
from . import end_partners
from . import paths

uses: end_contest
uses: end_partners
uses: paths


@internal
@view
def check_above_tip(number: uint64, sync_hash: bytes32, later: DynArray[bytes32, constants.MAX_LATER]) -> IHistory.Tip:
    """
    @notice Reverts unless a history contains what is imported here.
    @return The last block that is imported here, where `later` begins.
    """
    tip: IHistory.Tip = staticcall IHistory(end_partners.HISTORY).tip()
    assert paths.does_lead(tip.number, tip.sync_hash, number, sync_hash, later), "end: not above the tip"
    return tip


@internal
@view
def check_accepted(
    number: uint64,
    sync_hash: bytes32,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
):
    """
    @notice Reverts unless both groups say ACC.
    """
    deployment_hash: bytes32 = staticcall end_partners.BRIDGE.deployment_hash()
    is_said: bool = staticcall end_partners.GROUPS.check_accepted(
        deployment_hash, number, sync_hash, validators, watchers
    )


@internal
@view
def read_word(
    number: uint64,
    sync_hash: bytes32,
    validators: Bytes[constants.MAX_EVIDENCE_BYTES],
    watchers: Bytes[constants.MAX_EVIDENCE_BYTES],
) -> uint8:
    """
    @notice Whose word an END is; reverts unless it is enough to raise it. Where the watchers are silent, the governor
            must be the caller.
    @param validators Their signatures; empty if they do not say it.
    @param watchers Their signatures; empty if they do not say it.
    """
    if len(validators) > 0:
        self._check_end(number, sync_hash, constants.VALIDATORS_GROUP, validators)
    if len(watchers) > 0:
        self._check_end(number, sync_hash, constants.WATCHERS_GROUP, watchers)
        return end_contest.BOTH_GROUPS if len(validators) > 0 else end_contest.WATCHERS
    assert len(validators) > 0, "end: nobody says it"
    end_partners.check_governor()
    return end_contest.VALIDATORS_AND_GOVERNOR


@internal
@view
def check_denial(group: uint256, evidence: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Reverts unless a group denies the END that waits.
    """
    deployment_hash: bytes32 = staticcall end_partners.BRIDGE.deployment_hash()
    member: uint8 = staticcall end_partners.BRIDGE.chain_id()
    is_said: bool = staticcall end_partners.GROUPS.check_denial(
        deployment_hash,
        member,
        end_contest.state.number,
        end_contest.state.sync_hash,
        end_contest.state.round,
        convert(group, uint8),
        evidence,
    )


@internal
@view
def check_seal(number: uint64, sync_hash: bytes32, seal: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Reverts unless validators have sealed a block. Nobody seals the genesis.
    """
    if number > 0:
        deployment_hash: bytes32 = staticcall end_partners.BRIDGE.deployment_hash()
        is_sealed: bool = staticcall end_partners.GROUPS.check_seal(deployment_hash, number, sync_hash, seal)


@internal
@view
def _check_end(number: uint64, sync_hash: bytes32, group: uint256, evidence: Bytes[constants.MAX_EVIDENCE_BYTES]):
    """
    @notice Reverts unless a group says END for this member, in its present round.
    """
    deployment_hash: bytes32 = staticcall end_partners.BRIDGE.deployment_hash()
    member: uint8 = staticcall end_partners.BRIDGE.chain_id()
    is_said: bool = staticcall end_partners.GROUPS.check_end(
        deployment_hash, member, number, sync_hash, end_contest.state.round, convert(group, uint8), evidence
    )
