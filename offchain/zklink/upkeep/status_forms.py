"""The two forms of a status: words for a terminal of 80 columns, and JSON for programs (docs/status.md).

Takes a status; gives text. Pure.
"""

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from zklink.recovery.member_reading import LentRent
from zklink.recovery.outcome import Window, show_count, show_sol, show_time
from zklink.upkeep.status_records import Alarm, ChainStatus, LaneStatus, Status, TokenStatus, Unread, Urgency

FORMAT: Final = "zklink.status.1"
WIDTH: Final = 80
WORDS: Final = {
    Urgency.WELL: "well",
    Urgency.ATTENTION: "attention",
    Urgency.ACT_NOW: "act now",
    Urgency.UNKNOWN: "cannot tell",
}


def show_status(status: Status) -> str:
    """Words, no line of them longer than WIDTH but for an address."""
    lines = [
        f"{WORDS[status.urgency]}: deployment 0x{status.deployment_hash.hex()[:16]}.. at {show_time(status.looked_at)}"
    ]
    for alarm in status.alarms:
        lines += _wrap(f"{WORDS[alarm.urgency]}: {alarm.chain}: {alarm.text}", 0)
        lines += _wrap(alarm.help, 2)
    for chain in status.chains:
        lines += ["", *_show_chain(chain)]
    return "\n".join(lines)


def encode_status(status: Status) -> str:
    """JSON: amounts as decimal strings, times in UNIX seconds."""
    data = {
        "format": FORMAT,
        "deployment_hash": f"0x{status.deployment_hash.hex()}",
        "looked_at": status.looked_at,
        "urgency": status.urgency.name.lower(),
        "alarms": [_encode_alarm(alarm) for alarm in status.alarms],
        "chains": [_encode_chain(chain) for chain in status.chains],
    }
    return json.dumps(data, indent=2)


def _show_chain(chain: ChainStatus | Unread) -> Iterator[str]:
    head = f"{chain.name}{' (primary)' if chain.is_primary else ''}"
    if isinstance(chain, Unread):
        yield from _wrap(f"{head}: not read", 0)
        return
    yield from _wrap(f"{head}: L1 block {chain.head}, {chain.age} s old; block {chain.block}{_lag(chain)}", 0)
    for lane in chain.lanes:
        yield from _wrap(_show_lane(lane, chain.time), 2)
    for text in chain.missing:
        yield from _wrap(f"missing: {text}", 2)
    if chain.coming is not None:
        group = chain.coming
        text = f"{group.members} {group.group.name.lower()}, of whom {group.threshold} sign, are announced"
        yield from _wrap(f"{text}; they have a word from {show_time(group.window.ends_at)} on", 2)
    for proposal in chain.proposals:
        text = f"proposed: {'; '.join(proposal.words)}; from {show_time(proposal.ready.ends_at)} on"
        yield from _wrap(text, 2)
    for owed in chain.pending:
        yield from _wrap(f"owed to {owed.owner}: {owed.amount} units of {owed.symbol}", 2)
    for token in chain.tokens:
        yield from _wrap(_show_token(token), 2)
    if chain.lent:
        yield from _wrap(_show_rent(chain.lent), 2)
    for signer in chain.signers:
        yield from _wrap(f"{signer.name}: {_coins(signer.coin)} coins, {signer.gas // 10**6} million gas", 2)


def _lag(chain: ChainStatus) -> str:
    unpaid = f", {chain.unpaid} unpaid" if chain.unpaid else ""
    if chain.is_primary:
        return unpaid
    behind = "how far behind is not known" if chain.lag is None else f"{chain.lag} behind the primary"
    return f", {behind}{unpaid}"


def _show_lane(lane: LaneStatus, now: int) -> str:
    text = f"lane {lane.lane.name.lower()}: {show_count(lane.waiting, 'request')} in no block"
    if lane.oldest_since is None or lane.freeze_from is None:
        return text
    waited = _hours(now - lane.oldest_since)
    return f"{text}, the oldest for {waited}; a freeze can be called from {show_time(lane.freeze_from)} on"


def _show_token(token: TokenStatus) -> str:
    text = f"{token.symbol}: custody {token.custody}, surplus {token.surplus} L1 units"
    if token.expected is None:
        return text
    return f"{text}; it holds {token.balance} and owes {token.pending}; state and queues give {token.expected}"


def _show_rent(lent: Sequence[LentRent]) -> str:
    """What blocks hold, and whose it is."""
    by_writer: dict[str, int] = {}
    for each in lent:
        by_writer[each.writer] = by_writer.get(each.writer, 0) + each.lamports
    owners = ", ".join(f"{show_sol(lamports)} of {writer}" for writer, lamports in by_writer.items())
    left, waiting = sum(not each.is_executed for each in lent), sum(each.waiting for each in lent)
    total = show_sol(sum(by_writer.values()))
    counts = f"{left} not executed, {waiting} payouts wait"
    return f"rent: {show_count(len(lent), 'block')} not closed, {counts}; {total} SOL come back: {owners}"


def _encode_alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "urgency": alarm.urgency.name.lower(),
        "chain": alarm.chain,
        "kind": alarm.kind,
        "text": alarm.text,
        "help": alarm.help,
    }


def _encode_chain(chain: ChainStatus | Unread) -> dict[str, Any]:
    known = {"chain_id": chain.chain_id, "name": chain.name, "is_primary": chain.is_primary}
    if isinstance(chain, Unread):
        return {**known, "unread": chain.reason}
    names = ("head", "time", "age", "block", "unpaid", "lag", "lag_since", "quiet_since")
    flags = ("is_frozen", "is_exodus", "is_founding", "is_astray")
    return {
        **known,
        **{name: getattr(chain, name) for name in (*names, *flags)},
        "lanes": [_encode_lane(lane) for lane in chain.lanes],
        "missing": list(chain.missing),
        "end": _encode_end(chain),
        "freezes": [{"member": each.member, "window": _encode_window(each.window)} for each in chain.freezes],
        "coming": _encode_coming(chain),
        "governor": chain.governor,
        "authority": chain.authority,
        "owner": None if chain.owner is None else chain.owner.owner,
        "coming_owner": None if chain.owner is None else chain.owner.coming,
        "proposals": [
            {"id": f"0x{each.proposal_id.hex()}", "words": list(each.words), "ready": _encode_window(each.ready)}
            for each in chain.proposals
        ],
        "pending": [{"owner": p.owner, "symbol": p.symbol, "amount": str(p.amount)} for p in chain.pending],
        "tokens": [_encode_token(token) for token in chain.tokens],
        "signers": [
            {"name": s.name, "address": s.address, "coin": str(s.coin), "gas": str(s.gas)} for s in chain.signers
        ],
        "rent": [
            {
                "block": each.number,
                "writer": each.writer,
                "lamports": str(each.lamports),
                "is_executed": each.is_executed,
                "waiting": each.waiting,
            }
            for each in chain.lent
        ],
    }


def _encode_lane(lane: LaneStatus) -> dict[str, Any]:
    return {
        "lane": lane.lane.name.lower(),
        "waiting": lane.waiting,
        "oldest_since": lane.oldest_since,
        "freeze_from": lane.freeze_from,
        "called": _encode_window(lane.called),
    }


def _encode_end(chain: ChainStatus) -> dict[str, Any] | None:
    end = chain.end
    if end is None or not end.word:
        return None
    return {
        "number": end.number,
        "word": end.word.name.lower(),
        "stands": end.stands,
        "denied_by_validators": end.denied_by_validators,
        "denied_by_governor": end.denied_by_governor,
        "window": _encode_window(chain.end_window),
    }


def _encode_coming(chain: ChainStatus) -> dict[str, Any] | None:
    group = chain.coming
    if group is None:
        return None
    return {
        "group": group.group.name.lower(),
        "members": group.members,
        "threshold": group.threshold,
        "window": _encode_window(group.window),
    }


def _encode_token(token: TokenStatus) -> dict[str, Any]:
    amounts = ("balance", "pending", "custody", "scale", "fees", "surplus")
    expected = None if token.expected is None else str(token.expected)
    return {"symbol": token.symbol, **{name: str(getattr(token, name)) for name in amounts}, "expected": expected}


def _encode_window(window: Window | None) -> dict[str, int] | None:
    return None if window is None else {"ends_at": window.ends_at, "ends_in": window.ends_in}


def _wrap(text: str, indent: int) -> list[str]:
    space = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=space,
        subsequent_indent=f"{space}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _hours(seconds: int) -> str:
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def _coins(wei: int) -> str:
    return f"{wei // 10**18}.{wei % 10**18 // 10**14:04d}"
