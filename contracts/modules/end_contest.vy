# pragma version 0.4.3
"""
@title end_contest
@license Apache-2.0
@notice What has been said of this member's end: an END is raised, denied, voided, felled, or stands. Takes who says it,
        gives what follows. Never reads evidence and never asks another contract.
@dev The rules, with the reasons, are docs/star-model.md and ADR 0019. An END that falls raises the round, so nothing that
     was said of it counts again; one that stands is final.
"""

from ..interfaces import IMemberEnd
from . import constants
from . import windows

uses: windows

# Whose word an END is. The last one needs no window.
NOBODY: constant(uint8) = 0
WATCHERS: constant(uint8) = 1
VALIDATORS_AND_GOVERNOR: constant(uint8) = 2
BOTH_GROUPS: constant(uint8) = 3

# Who denies.
BY_VALIDATORS: constant(uint8) = 1
BY_WATCHERS: constant(uint8) = 2
BY_GOVERNOR: constant(uint8) = 3

state: IMemberEnd.EndState


@internal
def begin(word: uint8, number: uint64, sync_hash: bytes32):
    """
    @notice Raises an END; on the word of both groups it replaces one that waits.
    """
    assert not self.state.stands, "end: stands already"
    assert word == BOTH_GROUPS or self.state.word == NOBODY, "end: another one waits"
    round: uint32 = self.state.round
    self._clear(round)
    self.state.word = word
    self.state.number = number
    self.state.sync_hash = sync_hash
    self.state.raised_at = block.timestamp
    self.state.raised_in = block.number
    log IMemberEnd.EndRaised(number=number, sync_hash=sync_hash, round=round, word=word)


@internal
@view
def check_waits():
    """
    @notice Reverts unless an END waits.
    """
    assert self.state.word != NOBODY, "end: none is raised"
    assert not self.state.stands, "end: stands for good"


@internal
def deny(by: uint8):
    """
    @notice Denies the END that waits. Against the watchers' it adds a window, once, whoever denies; the watchers' denial
            fells one of validators and governor.
    """
    if by == BY_WATCHERS:
        self._log_denial(by)
        self.fall()
        return
    assert not self.state.denied_by_validators, "end: denied already"
    if by == BY_GOVERNOR:
        # Its own word, and that of validators, it gives once.
        assert self.state.word == WATCHERS, "end: not the watchers'"
        assert not self.state.denied_by_governor, "end: denied by the governor"
        self.state.denied_by_governor = True
    else:
        self.state.denied_by_validators = True
    self._log_denial(by)


@internal
def fall():
    """
    @notice The END that waits falls. Only words for the next round count.
    """
    round: uint32 = self.state.round
    log IMemberEnd.EndFell(number=self.state.number, sync_hash=self.state.sync_hash, round=round)
    self._clear(round + 1)


@internal
@view
def is_window_over() -> bool:
    """
    @notice Whether the END that waits may stand.
    """
    window: uint256 = 0
    if self.state.word == WATCHERS:
        window = constants.END_WINDOW_SECONDS
        if self.state.denied_by_validators or self.state.denied_by_governor:
            window += constants.DENIAL_WINDOW_SECONDS
    elif self.state.word == VALIDATORS_AND_GOVERNOR:
        window = constants.DENIAL_WINDOW_SECONDS
    return windows.is_over(self.state.raised_at, self.state.raised_in, window)


@internal
def stand():
    """
    @notice The END stands, for good.
    """
    self.state.stands = True
    log IMemberEnd.EndStands(number=self.state.number, sync_hash=self.state.sync_hash)


@internal
def secede(number: uint64, sync_hash: bytes32):
    """
    @notice This member ends at its last imported block, which the standing END contains.
    """
    self.state.number = number
    self.state.sync_hash = sync_hash
    log IMemberEnd.Seceded(number=number, sync_hash=sync_hash)


@internal
def _clear(round: uint32):
    self.state = empty(IMemberEnd.EndState)
    self.state.round = round


@internal
def _log_denial(by: uint8):
    log IMemberEnd.EndDenied(
        number=self.state.number, sync_hash=self.state.sync_hash, round=self.state.round, by=by
    )
