"""Denials of false ENDs: whoever sees one that waits on a member asks the group that can object, and brings its word.

Takes what was read of all chains. Never decides whether an END is true: signers do.
"""

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import EndState, EndWord
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import EndDenial, Group
from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import Done


def deny_end(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Done | None:
    """Bring the denial of an END that waits on a member, if the group that can object calls it false. None if none
    waits, if it is denied already, or if that group does not object.
    """
    end = read.bridges[chain].member_end
    state = end.end_state()
    found = find_denial(read, chain, state)
    if found is None:
        return None
    group, evidence = found
    try:
        end.deny_end(account, evidence)
    except CallReverted:
        if end.end_state() == state:
            raise
        return None  # somebody else was faster
    return describe_denial(state, group)


def find_denial(read: ChainsRead, chain: ChainId, state: EndState) -> tuple[Group, bytes] | None:
    """Who denies the END that waits on a chain, and its evidence; None as for `deny_end`."""
    group = {
        EndWord.WATCHERS: Group.VALIDATORS,
        EndWord.VALIDATORS_AND_GOVERNOR: Group.WATCHERS,
    }.get(state.word)
    if group is None or state.stands or state.denied_by_validators:
        return None
    fact = EndDenial(chain, state.number, state.sync_hash, state.round)
    evidence = read.groups.find_denial(read.history(), fact, group, read.judge(chain))
    return None if evidence is None else (group, evidence)


def describe_denial(state: EndState, group: Group) -> Done:
    """What a denial has done."""
    return Done(f"END at block {state.number} denied by the {group.name.lower()}: {_consequence(group)}")


def _consequence(group: Group) -> str:
    if group is Group.WATCHERS:
        return "it fell"
    return "14 days more, in which the governor may void it"
