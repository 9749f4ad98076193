"""Each alarm of a status: it sounds on its side of the limit, with its urgency, and not on the other side."""

from dataclasses import replace
from typing import Any

import pytest

from zklink.l1.contracts.bridge_structs import NO_ADDRESS, EndState, EndWord
from zklink.l1.contracts.timelock import Ownership
from zklink.protocol.facts import Group
from zklink.protocol.ids import EXPIRY_SECONDS, SILENCE_SECONDS, BlockNumber, ChainId, Lane
from zklink.recovery.outcome import Window
from zklink.upkeep.alarms import HEAD_SECONDS, LAG_SECONDS, REQUEST_SECONDS, SIGNER_GAS, SILENCE, list_alarms
from zklink.upkeep.status_records import (
    AnnouncedFreeze,
    ChainStatus,
    ComingMembers,
    LaneStatus,
    SignerStatus,
    Status,
    TokenStatus,
    Unread,
    Urgency,
    WaitingProposal,
)

NOW = 1_900_000_000
WINDOW = Window(NOW, 5, 86_400, 6)
NO_END = EndState(0, EndWord.NONE, False, False, False, BlockNumber(0), bytes(32), 0, 0)
WELL = ChainStatus(
    chain_id=ChainId(2),
    name="polygon",
    is_primary=False,
    head=100,
    time=NOW,
    age=3,
    block=7,
    unpaid=0,
    lag=0,
    lag_since=None,
    quiet_since=None,
    is_frozen=False,
    is_exodus=False,
    is_founding=False,
    lanes=(LaneStatus(Lane.SWAP, 0, None, None, None), LaneStatus(Lane.ACCOUNT, 0, None, None, None)),
    missing=(),
    end=NO_END,
    end_window=None,
    freezes=(),
    coming=None,
    pending=(),
    tokens=(TokenStatus("USDC", 1_005, 5, 100, 10, 0, 100),),
    signers=(SignerStatus("sequencer", "0x" + "11" * 20, 10**18, SIGNER_GAS[0]),),
)
PRIMARY = replace(WELL, is_primary=True, end=None, lag=0, quiet_since=NOW)
RAISED = replace(NO_END, word=EndWord.WATCHERS, number=BlockNumber(7), raised_at=NOW, raised_in=5)


OWNER, ANOTHER = (f"0x{byte * 20}" for byte in ("aa", "bb"))
PROPOSAL = WaitingProposal(bytes(32), ("USDC: at least 2, cap 9",), WINDOW)


def lane(**changes: Any) -> tuple[LaneStatus, ...]:
    return (replace(WELL.lanes[0], **changes), WELL.lanes[1])


def waits(seconds: int) -> ChainStatus:
    since = NOW - seconds
    return replace(WELL, lanes=lane(waiting=1, oldest_since=since, freeze_from=since + EXPIRY_SECONDS))


def signer(gas: int) -> ChainStatus:
    return replace(WELL, signers=(replace(WELL.signers[0], gas=gas),))


def token(**changes: Any) -> ChainStatus:
    return replace(WELL, tokens=(replace(WELL.tokens[0], **changes),))


LIMITS = [
    ("head_stands", HEAD_SECONDS, lambda seconds: replace(WELL, age=seconds)),
    ("lag", LAG_SECONDS, lambda seconds: replace(WELL, lag=2, lag_since=NOW - seconds)),
    ("request_waits", REQUEST_SECONDS, waits),
    ("silence", SILENCE, lambda seconds: replace(PRIMARY, quiet_since=NOW - seconds)),
    ("signer_gas", tuple(-gas for gas in SIGNER_GAS), lambda value: signer(-value)),
]


@pytest.mark.parametrize(("kind", "limits", "build"), LIMITS, ids=[kind for kind, *_ in LIMITS])
def test_list_alarms__each_side_of_a_limit__well_attention_act_now(kind: str, limits: Any, build: Any) -> None:
    attention, act_now = limits
    assert list_alarms(build(attention)) == []
    for value, urgency in ((attention + 1, 1), (act_now, 1), (act_now + 1, 2)):
        assert [(alarm.kind, alarm.urgency) for alarm in list_alarms(build(value))] == [(kind, urgency)]


@pytest.mark.parametrize(
    ("kind", "urgency", "chain"),
    [
        ("exodus", Urgency.ACT_NOW, replace(WELL, is_frozen=True, is_exodus=True)),
        ("frozen", Urgency.ACT_NOW, replace(WELL, is_frozen=True)),
        ("end_stands", Urgency.ACT_NOW, replace(WELL, end=replace(RAISED, stands=True))),
        ("end_raised", Urgency.ACT_NOW, replace(WELL, end=RAISED, end_window=WINDOW)),
        ("freeze_announced", Urgency.ACT_NOW, replace(PRIMARY, freezes=(AnnouncedFreeze("bsc", WINDOW),))),
        ("founding", Urgency.ATTENTION, replace(WELL, is_founding=True)),
        ("group_announced", Urgency.ATTENTION, replace(WELL, coming=ComingMembers(Group.WATCHERS, 3, 2, WINDOW))),
        ("proposal_waits", Urgency.ATTENTION, replace(WELL, proposals=(PROPOSAL,))),
        ("owner_named", Urgency.ATTENTION, replace(WELL, governor=ANOTHER, owner=Ownership(OWNER, ANOTHER))),
        ("owner_named", Urgency.ATTENTION, replace(WELL, governor=OWNER, owner=Ownership(OWNER, ANOTHER))),
        ("owner_changed", Urgency.ACT_NOW, replace(WELL, governor=OWNER, owner=Ownership(ANOTHER, NO_ADDRESS))),
        ("astray", Urgency.ACT_NOW, replace(WELL, is_astray=True)),
        ("freeze_called", Urgency.ACT_NOW, replace(WELL, lanes=lane(waiting=1, oldest_since=NOW, called=WINDOW))),
        ("unpaid", Urgency.ATTENTION, replace(WELL, unpaid=1)),
        ("insolvent", Urgency.ACT_NOW, token(balance=1_004)),
        ("insolvent", Urgency.ACT_NOW, token(fees=1)),
        ("custody", Urgency.ACT_NOW, token(expected=99)),
        ("custody", Urgency.ACT_NOW, token(expected=101)),
        ("unread", Urgency.UNKNOWN, Unread(ChainId(2), "polygon", False, "nobody answers")),
    ],
)
def test_list_alarms__one_thing_is_wrong__that_alarm_alone(kind: str, urgency: Urgency, chain: Any) -> None:
    (alarm,) = list_alarms(chain)
    assert (alarm.kind, alarm.urgency, alarm.chain) == (kind, urgency, "polygon")
    assert alarm.text and alarm.help


def test_owner__neither_owns_nor_is_named__both_are_said() -> None:
    found = list_alarms(replace(WELL, governor=OWNER, owner=Ownership(ANOTHER, f"0x{'cc' * 20}")))
    assert [alarm.kind for alarm in found] == ["owner_changed", "owner_named"]


OWNED = replace(WELL, governor=OWNER, owner=Ownership(OWNER, NO_ADDRESS))


@pytest.mark.parametrize("chain", [OWNED, WELL, PRIMARY, replace(PRIMARY, quiet_since=None), token(expected=None)])
def test_list_alarms__a_chain_that_is_well__none(chain: ChainStatus) -> None:
    assert list_alarms(chain) == []


def test_list_alarms__a_member_lacks_a_word__the_lag_names_it() -> None:
    (alarm,) = list_alarms(replace(WELL, lag=2, lag_since=NOW - LAG_SECONDS[0] - 1, missing=("ACC of block 8",)))
    assert alarm.help == "it needs ACC of block 8"


@pytest.mark.parametrize(
    ("chains", "urgency"),
    [
        ((WELL, PRIMARY), Urgency.WELL),
        ((replace(WELL, unpaid=1), PRIMARY), Urgency.ATTENTION),
        ((replace(WELL, unpaid=1), Unread(ChainId(1), "bsc", False, "away")), Urgency.UNKNOWN),
        ((Unread(ChainId(1), "bsc", False, "away"), replace(WELL, is_frozen=True)), Urgency.ACT_NOW),
    ],
)
def test_urgency__several_alarms__the_loudest(chains: Any, urgency: Urgency) -> None:
    alarms = tuple(alarm for chain in chains for alarm in list_alarms(chain))
    assert Status(bytes(32), NOW, chains, alarms).urgency is urgency


def test_silence__limits__before_the_end() -> None:
    assert max(SILENCE) < SILENCE_SECONDS and max(REQUEST_SECONDS) < EXPIRY_SECONDS
