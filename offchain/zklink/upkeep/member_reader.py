"""How a member whose bridge is a program stands, in the record that chains with contracts have.

Takes what was read of it and of the primary; gives a record. Never sends anything, and never judges (`alarms.py` does).
"""

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import EndWord
from zklink.l1.deployment.records import Deployment
from zklink.protocol.ids import EXPIRY_SECONDS, FREEZE_DELAY_SECONDS, GROUP_DELAY_SECONDS, ChainId, Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.contests import contest_window
from zklink.recovery.member_reading import MemberReading
from zklink.recovery.outcome import Window
from zklink.upkeep.chain_reader import is_astray, list_missing, read_lag
from zklink.upkeep.reserves import Reserves
from zklink.upkeep.status_records import ChainStatus, ComingMembers, LaneStatus, TokenStatus, WaitingProposal


def read_member_chain(read: ChainsRead, chain: ChainId, now: int, reserves: Reserves | None = None) -> ChainStatus:
    """How it stands at `now` (UNIX seconds); its books are those of `reserves` where these are given, as they were when
    finalized. Raises what `ChainsRead` does.
    """
    deployment = read.deployment
    tokens = [token.token_id for token in deployment.tokens if chain in token.contracts]
    found = read.programs[chain].look(tokens)
    pace, end = found.blocks_per_day, found.end
    waits = end.word is not EndWord.NONE and not end.stands
    lag, since = read_lag(read, found.tip, is_primary=False)
    return ChainStatus(
        chain_id=chain,
        name=read.name(chain),
        is_primary=False,
        head=found.head.number,
        time=found.head.timestamp,
        age=max(0, now - found.head.timestamp),
        block=found.tip.number,
        unpaid=found.tip.unpaid,
        lag=lag,
        lag_since=since,
        quiet_since=None,
        is_frozen=found.is_frozen,
        is_exodus=found.is_exodus,
        is_founding=found.is_founding,
        lanes=[_read_lane(found, lane) for lane in Lane],
        missing=list_missing(read, chain),
        end=end,
        end_window=contest_window(end, pace) if waits else None,
        freezes=[],
        coming=_read_coming(found),
        pending=[],
        tokens=_read_tokens(deployment, found, reserves),
        signers=[],
        is_astray=is_astray(read, found.tip, found.head.timestamp, is_primary=False),
        governor=to_checksum_address(deployment.governor),
        proposals=[
            WaitingProposal(
                each.number.to_bytes(32, "big"),
                (f"proposal {each.number} of its timelock",),
                Window(each.proposed_at, each.proposed_in, GROUP_DELAY_SECONDS, pace),
            )
            for each in found.proposals
        ],
        authority=found.authority,
        lock=found.lock,
        lent=found.lent,
    )


def _read_tokens(deployment: Deployment, found: MemberReading, reserves: Reserves | None) -> list[TokenStatus]:
    final = found if reserves is None or reserves.reading is None else reserves.reading
    return [
        TokenStatus(
            deployment.token(token).symbol,
            each.balance,
            each.owed,
            each.custody,
            each.scale,
            each.fees,
            None if reserves is None else reserves.custody[token],
        )
        for token, each in final.tokens.items()
    ]


def _read_lane(found: MemberReading, lane: Lane) -> LaneStatus:
    waiting, called = found.waiting[lane], found.called[lane]
    since = waiting[0].queued_at if waiting else None
    window = None
    if waiting and called.request_id == waiting[0].request_id:
        window = Window(called.called_at, called.called_in, FREEZE_DELAY_SECONDS, found.blocks_per_day)
    return LaneStatus(lane, len(waiting), since, None if since is None else since + EXPIRY_SECONDS, window)


def _read_coming(found: MemberReading) -> ComingMembers | None:
    coming = found.coming
    if coming is None:
        return None
    window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, found.blocks_per_day)
    return ComingMembers(coming.group, len(coming.signers.members), coming.signers.threshold, window)
