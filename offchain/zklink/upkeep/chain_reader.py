"""Reads how one chain of a deployment stands, with the clock of whoever looks.

Takes what was read of all chains; gives a record. Never sends anything, and never judges (`alarms.py` does).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, EndWord
from zklink.l1.contracts.timelock import TimelockClient
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import (
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    GROUP_DELAY_SECONDS,
    ChainId,
    Lane,
    TokenId,
)
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.debts import Debts
from zklink.recovery.import_steps import find_fact
from zklink.recovery.member_steps import end_window
from zklink.recovery.outcome import Window
from zklink.upkeep.proposals import read_proposals
from zklink.upkeep.reserves import Reserves
from zklink.upkeep.status_records import (
    AnnouncedFreeze,
    ChainStatus,
    ComingMembers,
    LaneStatus,
    PendingStatus,
    SignerStatus,
    TokenStatus,
    WaitingProposal,
)

ASTRAY_SECONDS = 900
"""Blocks may be ten minutes older than the primary's clock when it accepts them."""


def read_chain(
    read: ChainsRead, chain: ChainId, now: int, signers: Mapping[str, str], reserves: Reserves | None = None
) -> ChainStatus:
    """How a chain stands at `now` (UNIX seconds). `signers` are addresses by name. Raises what `ChainsRead` does."""
    bridge, deployment = read.bridges[chain], read.deployment
    head, tip = bridge.client.head(), bridge.history.tip()
    is_primary = chain == deployment.primary
    end = None if is_primary else bridge.member_end.end_state()
    waits = end is not None and end.word is not EndWord.NONE and not end.stands
    place = deployment.chains[chain]
    lock = None if place.timelock == NO_ADDRESS else TimelockClient(bridge.client, place.timelock)
    lag, since = read_lag(read, tip, is_primary)
    return ChainStatus(
        chain_id=chain,
        name=place.name,
        is_primary=is_primary,
        head=head.number,
        time=head.timestamp,
        age=max(0, now - head.timestamp),
        block=tip.number,
        unpaid=tip.unpaid,
        lag=lag,
        lag_since=since,
        quiet_since=tip.timestamp if is_primary and tip.number else None,
        is_frozen=bridge.end.is_frozen(),
        is_exodus=bridge.exodus.is_begun(),
        is_founding=lock is not None and lock.is_founding(),
        lanes=[_read_lane(read, chain, lane) for lane in Lane],
        missing=list_missing(read, chain),
        end=end,
        end_window=end_window(read, chain, end) if waits and end is not None else None,
        freezes=list(_list_freezes(read)) if is_primary else [],
        coming=_read_coming(read, chain),
        pending=_read_pending(read, chain),
        tokens=[_read_token(read, chain, token, head.number, reserves) for token in _tokens_of(read, chain)],
        signers=_read_signers(read, chain, signers),
        is_astray=is_astray(read, tip, head.timestamp, is_primary),
        owner=None if lock is None else lock.ownership(),
        governor=to_checksum_address(deployment.governor),
        proposals=[] if lock is None else list(_list_waiting(read, chain)),
    )


def _list_waiting(read: ChainsRead, chain: ChainId) -> Iterator[WaitingProposal]:
    for known in read_proposals(read.deployment, {chain: read.bridges[chain].client}):
        if known.is_open and known.waiting is not None:
            at = known.waiting
            window = Window(at.proposed_at, at.proposed_in, GROUP_DELAY_SECONDS, at.blocks_per_day)
            yield WaitingProposal(known.proposal_id, known.words, window)


def is_astray(read: ChainsRead, tip: Tip, now: int, is_primary: bool) -> bool:
    """Whether a member has imported what the primary, as its node shows it, has not accepted; a block that is new may
    just not be shown yet.
    """
    if is_primary or read.deployment.primary not in read.bridges or now - tip.timestamp <= ASTRAY_SECONDS:
        return False
    return not read.history().has(tip.number, tip.sync_hash)


def read_lag(read: ChainsRead, tip: Tip, is_primary: bool) -> tuple[int | None, int | None]:
    """Blocks behind the primary, and when the first of them was made."""
    if is_primary:
        return 0, None
    if read.deployment.primary not in read.bridges:
        return None, None
    history = read.history()
    lag = max(0, history.height - tip.number)
    return lag, history.block(tip.number + 1).full.block.timestamp if lag else None


def _read_lane(read: ChainsRead, chain: ChainId, lane: Lane) -> LaneStatus:
    waiting, end = read.waiting(chain, lane), read.bridges[chain].end
    called = end.freeze_call(lane)
    first = waiting[0] if waiting else None
    since = first.queued_at if first is not None else None
    window = None
    if first is not None and called.request_id == first.request_id:
        window = Window(called.called_at, called.called_in, FREEZE_DELAY_SECONDS, end.blocks_per_day())
    return LaneStatus(lane, len(waiting), since, None if since is None else since + EXPIRY_SECONDS, window)


def list_missing(read: ChainsRead, chain: ChainId) -> list[str]:
    """The groups' words that the chain needs now and that neither calldata nor a file of words has. Raises what
    `ChainsRead` does.
    """
    primary = read.deployment.primary
    if primary not in read.bridges:
        return []
    if chain == primary:
        return [f"FRZ of {read.name(member)}, by the watchers" for member in _list_unannounced(read)]
    height, missing = read.history().height, list[str]()
    if chain in read.programs:
        tip, end = read.programs[chain].tip(), read.programs[chain].end_state()
    else:
        tip, end = read.bridges[chain].history.tip(), read.bridges[chain].member_end.end_state()
    if tip.number < height and not end.stands and find_fact(read, chain, tip) is None:
        missing.append(f"ACC of block {tip.number + 1} or a later one, by both groups")
    if end.word is EndWord.NONE and read.has_ended(chain):
        missing.append(f"END at block {height}, by the watchers")
    return missing


def _list_unannounced(read: ChainsRead) -> Iterator[ChainId]:
    """The members that are frozen, as far as they answer, and that the primary does not know of."""
    primary = read.bridges[read.deployment.primary]
    if primary.is_frozen():
        return
    for member in (*read.members, *read.programs):
        with suppress(RpcUnavailable):
            if read.is_frozen(member) and not primary.primary_end.announcement(member).announced_at:
                yield member


def _list_freezes(read: ChainsRead) -> Iterator[AnnouncedFreeze]:
    end = read.bridges[read.deployment.primary].primary_end
    for member in read.deployment.members:
        said = end.announcement(member)
        if said.announced_at:
            window = Window(said.announced_at, said.announced_in, FREEZE_DELAY_SECONDS, end.blocks_per_day())
            yield AnnouncedFreeze(read.name(member), window)


def _read_coming(read: ChainsRead, chain: ChainId) -> ComingMembers | None:
    groups = read.bridges[chain].groups
    coming = groups.coming()
    if coming is None:
        return None
    window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, groups.blocks_per_day())
    return ComingMembers(coming.group, len(coming.signers.members), coming.signers.threshold, window)


def _read_pending(read: ChainsRead, chain: ChainId) -> list[PendingStatus]:
    names = {token.token_id: token.symbol for token in read.deployment.tokens}
    found = Debts(read.bridges[chain], read.deployment.chains[chain].from_block).list_pending()
    return [
        PendingStatus(owner, names.get(token, f"token {token}") if token else "coin", amount)
        for (owner, token), amount in found
    ]


def _tokens_of(read: ChainsRead, chain: ChainId) -> Sequence[TokenId]:
    return [token.token_id for token in read.deployment.tokens if chain in token.contracts]


def _read_token(
    read: ChainsRead, chain: ChainId, token_id: TokenId, newest: int, reserves: Reserves | None
) -> TokenStatus:
    """All of it at one block: the one of the reserves, else the newest."""
    bridge, plan = read.bridges[chain], read.deployment.token(token_id)
    height = newest if reserves is None else reserves.height
    at, fees = bridge.solvency(token_id, block=height), bridge.fees(block=height)
    return TokenStatus(
        symbol=plan.symbol,
        balance=at.balance,
        pending=at.pending,
        custody=at.custody,
        scale=bridge.tokens.token_scale(token_id),
        fees=fees.open_wei + fees.earned_wei if plan.contracts[chain] == NATIVE else 0,
        expected=None if reserves is None else reserves.custody.get(token_id, 0),
    )


def _read_signers(read: ChainsRead, chain: ChainId, signers: Mapping[str, str]) -> list[SignerStatus]:
    if not signers:
        return []
    client = read.bridges[chain].client
    price = max(1, client.gas_price())
    coins = {name: client.balance(address) for name, address in signers.items()}
    return [SignerStatus(name, signers[name], coin, coin // price) for name, coin in coins.items()]
