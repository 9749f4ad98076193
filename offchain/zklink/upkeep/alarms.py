"""What is wrong with a chain, how soon somebody should look, and what helps: one table of rules.

Takes a chain's record; gives alarms. Pure.
"""

from collections.abc import Iterator
from typing import Final

from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.protocol.ids import EXPIRY_SECONDS, SILENCE_SECONDS
from zklink.recovery.outcome import show_count, show_time
from zklink.upkeep.status_records import Alarm, ChainStatus, LaneStatus, Unread, Urgency

HEAD_SECONDS: Final = (300, 3_600)
"""A newest block that is older wants attention, or action."""

LAG_SECONDS: Final = (1_800, 43_200)
"""A block that a member lacks so long after it was made."""

REQUEST_SECONDS: Final = (EXPIRY_SECONDS // 4, EXPIRY_SECONDS * 3 // 4)
"""A request that no block has, of the time after which anybody may call a freeze."""

SILENCE: Final = (SILENCE_SECONDS // 2, SILENCE_SECONDS * 3 // 4)
"""The time without a block of the primary, which accepts nothing more after SILENCE_SECONDS."""

SIGNER_GAS: Final = (100_000_000, 10_000_000)
"""Units of gas that a named signer can buy: some fifty calls of two million, and five."""


def list_alarms(chain: ChainStatus | Unread) -> list[Alarm]:
    """Everything that is wrong with a chain; none for a chain that is well."""
    if isinstance(chain, Unread):
        text = f"it cannot be told how it stands: {chain.reason}"
        return [Alarm(Urgency.UNKNOWN, chain.name, "unread", text, "ask another node of the chain")]
    return [
        Alarm(urgency, chain.name, kind, text, help)
        for rule in (_ending, _governing, _queues, _history, _money, _signers)
        for urgency, kind, text, help in rule(chain)
    ]


Found = Iterator[tuple[Urgency, str, str, str]]


def _ending(chain: ChainStatus) -> Found:
    now = Urgency.ACT_NOW
    if chain.is_exodus:
        yield now, "exodus", "exits are open", "owners leave: zklink recover, then ape run exit"
    elif chain.is_frozen:
        yield now, "frozen", "it is frozen", "owners prepare to leave: zklink recover, then ape run exit"
    if chain.end is not None and chain.end.stands and not chain.is_exodus:
        yield now, "end_stands", f"END at block {chain.end.number} stands", "bring it to exodus: ape run exit"
    if chain.end is not None and chain.end_window is not None:
        by = " and ".join(chain.end.word.name.lower().split("_and_"))
        until = show_time(chain.end_window.ends_at)
        text = f"END at block {chain.end.number} is raised by the {by}, contested until {until}"
        yield now, "end_raised", text, "if the primary is alive: ape run govern deny-end, and the other group denies it"
    for freeze in chain.freezes:
        text = f"the freeze of {freeze.member} is announced; it acts from {show_time(freeze.window.ends_at)} on"
        yield now, "freeze_announced", text, f"if it is false: ape run govern void-freeze --member {freeze.member}"


def _governing(chain: ChainStatus) -> Found:
    if chain.coming is not None:
        group = chain.coming
        text = (
            f"new {group.group.name.lower()} are announced; they have a word from {show_time(group.window.ends_at)} on"
        )
        yield Urgency.ATTENTION, "group_announced", text, "whoever does not trust them leaves before"
    if chain.is_founding:
        text = "its timelock is still being founded: its owner can call anything at once"
        yield Urgency.ATTENTION, "founding", text, "close the founding before anybody brings money in"
    for proposal in chain.proposals:
        what = f"{'; '.join(proposal.words)} (0x{proposal.proposal_id.hex()[:8]})"
        text = f"it is proposed: {what}; anybody can execute it from {show_time(proposal.ready.ends_at)} on"
        yield Urgency.ATTENTION, "proposal_waits", text, "ape run proposals; whoever does not want it leaves before"
    if chain.authority and chain.authority != chain.lock:
        if chain.lock:
            text = f"{chain.authority} may replace its program at once, and its timelock is {chain.lock}"
            yield Urgency.ACT_NOW, "authority_changed", text, "say so in public, and leave"
        else:
            text = f"{chain.authority} may replace its program at once, and take everything"
            yield Urgency.ATTENTION, "authority_held", text, "give it to a timelock before anybody brings money in"
    if chain.owner is not None and not chain.owner.is_of(chain.governor):
        text = f"its timelock belongs to {chain.owner.owner}, and the record names {chain.governor}"
        help = "if it was meant: ape run govern record; else say so in public, and leave"
        yield Urgency.ACT_NOW, "owner_changed", text, help
    if chain.owner is not None and chain.owner.coming != NO_ADDRESS:
        text = f"{chain.owner.coming} can make its timelock its own; it is that of {chain.owner.owner}"
        help = "ape run govern accept-ownership; if it was not meant: ape run govern owner names another"
        yield Urgency.ATTENTION, "owner_named", text, help


def _queues(chain: ChainStatus) -> Found:
    for lane in chain.lanes:
        name = lane.lane.name.lower()
        if lane.called is not None:
            text = f"a freeze is called over the oldest request of lane {name}, due {show_time(lane.called.ends_at)}"
            yield Urgency.ACT_NOW, "freeze_called", text, "bring a block with that request: is the sequencer alive?"
        elif (urgency := _grade(_waited(chain, lane), REQUEST_SECONDS)) is not Urgency.WELL:
            share = 100 * _waited(chain, lane) // EXPIRY_SECONDS
            text = f"a request of lane {name} has waited {share} % of the time to a freeze"
            yield urgency, "request_waits", text, "is the sequencer alive, and has it gas?"


def _history(chain: ChainStatus) -> Found:
    if (urgency := _grade(chain.age, HEAD_SECONDS)) is not Urgency.WELL:
        yield urgency, "head_stands", f"its newest block is {chain.age} s old", "ask another node; is the chain halted?"
    if chain.is_astray:
        text = f"its block {chain.block} is none of the primary's history: false, or lost there"
        yield Urgency.ACT_NOW, "astray", text, "ask another node of the primary; if it stays: pause every token"
    lag_seconds = chain.time - chain.lag_since if chain.lag_since is not None else 0
    if (urgency := _grade(lag_seconds, LAG_SECONDS)) is not Urgency.WELL:
        text = f"it lacks {show_count(chain.lag or 0, 'block')}, the first of them for {lag_seconds // 60} minutes"
        help = f"it needs {'; '.join(chain.missing)}" if chain.missing else "ape run keeper imports them"
        yield urgency, "lag", text, help
    quiet = chain.time - chain.quiet_since if chain.quiet_since is not None else 0
    if not chain.is_frozen and (urgency := _grade(quiet, SILENCE)) is not Urgency.WELL:
        text = f"it has accepted no block for {quiet // 3_600} hours; after {SILENCE_SECONDS // 3_600} it is at its end"
        yield urgency, "silence", text, "is the sequencer alive, and has it gas?"
    if chain.unpaid:
        text = f"{show_count(chain.unpaid, 'block')} still owe payouts"
        yield Urgency.ATTENTION, "unpaid", text, "ape run keeper pays them"


def _money(chain: ChainStatus) -> Found:
    for token in chain.tokens:
        if token.surplus < 0:
            text = f"it holds {-token.surplus} units of {token.symbol} less than it owes"
            yield Urgency.ACT_NOW, "insolvent", text, f"pause it: ape run govern pause --token {token.symbol}"
        if token.expected is not None and token.custody != token.expected:
            text = f"its custody of {token.symbol} is {token.custody}, and state and queues give {token.expected}"
            yield Urgency.ACT_NOW, "custody", text, f"pause it: ape run govern pause --token {token.symbol}"


def _signers(chain: ChainStatus) -> Found:
    for signer in chain.signers:
        if (urgency := _grade(-signer.gas, (-SIGNER_GAS[0], -SIGNER_GAS[1]))) is not Urgency.WELL:
            text = f"{signer.name} can pay for {signer.gas // 1_000_000} million gas at the present price"
            yield urgency, "signer_gas", text, f"send coin to {signer.address}"


def _waited(chain: ChainStatus, lane: LaneStatus) -> int:
    return chain.time - lane.oldest_since if lane.oldest_since is not None else 0


def _grade(value: int, limits: tuple[int, int]) -> Urgency:
    """WELL up to the first limit, ACT_NOW above the second."""
    return Urgency(sum(value > limit for limit in limits))
