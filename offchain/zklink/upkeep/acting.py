"""An act of government, made ready: who must call what on each chain, and by when.

Takes a government and an act; gives one task for each chain, after the act was compared between the chains and tried on
each. Never sends anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.governed import act_at_once
from zklink.l1.contracts.timelock import Proposal, TimelockClient, Waiting
from zklink.l1.deployment.acts import Act
from zklink.l1.deployment.government import NO_SALT, Government
from zklink.l1.transport.receipts import BlockInfo
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import ActRefused, CallReverted, TimelockMissing
from zklink.protocol.ids import ChainId
from zklink.recovery.outcome import show_time

GET_THRESHOLD = bytes.fromhex("e75235b8")
"""`getThreshold()` of a Safe."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the owner of a chain's timelock, or whoever is named to own it, sends there. `is_swift`: it counts at once;
    else it is a proposal, and `waiting` is since when it would wait if it came into the newest block. `threshold` is of
    an owner that is a Safe: how many of its owners sign; 0 for another contract, None for an account.
    """

    chain: ChainId
    name: str
    owner: str
    threshold: int | None
    calls: tuple[Call, ...]
    is_swift: bool
    waiting: Waiting | None


def plan_tasks(government: Government, act: Act, salt: bytes = NO_SALT) -> list[Task]:
    """The tasks of an act, by chain. Raises ActsDisagree and OwnerInGroup for an act that must not be, ActRefused if a
    chain would refuse it now, TimelockMissing, RpcUnavailable.
    """
    _check_timelocks(government, act.calls)
    government.check(act)
    refusals = government.try_act(act)
    if refusals:
        raise ActRefused(act.title, {government.clients[k].profile.name: why for k, why in refusals.items()})
    return [_plan_task(government, k, calls, salt) for k, calls in act.calls.items()]


def plan_acceptance(government: Government) -> list[Task]:
    """The tasks of whoever is named to own timelocks, on each chain where somebody is. Raises OwnerInGroup for one who
    is in a group, TimelockMissing, RpcUnavailable.
    """
    _check_timelocks(government, government.timelocks)
    return [
        _plan_acceptance(government, k, lock, heir)
        for k, lock in government.timelocks.items()
        if (heir := lock.coming_owner()) != NO_ADDRESS
    ]


def _plan_acceptance(government: Government, chain: ChainId, lock: TimelockClient, heir: str) -> Task:
    government.check_heir(chain, heir)
    name, calls = government.clients[chain].profile.name, (lock.encode("accept_ownership"),)
    return Task(chain, name, heir, _read_threshold(government, chain, heir), calls, True, None)


def _check_timelocks(government: Government, chains: Iterable[ChainId]) -> None:
    for k in chains:
        if not government.clients[k].code(government.timelocks[k].address):
            raise TimelockMissing(government.clients[k].profile.name)


def _plan_task(government: Government, chain: ChainId, calls: tuple[Call, ...], salt: bytes) -> Task:
    lock, client = government.timelocks[chain], government.clients[chain]
    owner, is_swift = lock.owner(), all(lock.is_swift(call) for call in calls)
    if is_swift:
        made = tuple(act_at_once(client, lock.address, call) for call in calls)
    else:
        made = (lock.encode("propose", *Proposal(calls, salt).abi()),)
    head = client.head()
    waiting = None if is_swift else Waiting(head.timestamp, head.number, lock.blocks_per_day())
    return Task(chain, client.profile.name, owner, _read_threshold(government, chain, owner), made, is_swift, waiting)


def _read_threshold(government: Government, chain: ChainId, owner: str) -> int | None:
    client = government.clients[chain]
    if not client.code(owner):
        return None
    try:
        return int(decode(["uint256"], client.call(owner, GET_THRESHOLD, "getThreshold"))[0])
    except (CallReverted, DecodingError):
        return 0


def describe_task(task: Task) -> list[str]:
    """Who must do what by when, in lines."""
    who = {None: "the account", 0: "the contract"}.get(task.threshold, f"{task.threshold} owners of the Safe")
    what = "at once" if task.is_swift else "as a proposal"
    lines = [f"{task.name}: {who} {task.owner} must send {len(task.calls)} call(s) to {task.calls[0].to}, {what}"]
    if task.waiting is not None:
        (ready_at, ready_in), (late_at, _) = task.waiting.ready, task.waiting.too_late
        lines.append(f"  sent today, anybody executes it from {show_time(ready_at)} and block {ready_in} on,")
        lines.append(f"  until {show_time(late_at)}: ape run govern execute")
    return lines


def describe_wait(waiting: Waiting, head: BlockInfo) -> str:
    """Until when a proposal waits, or can be executed."""
    (ready_at, ready_in), (late_at, late_in) = waiting.ready, waiting.too_late
    if head.timestamp < ready_at or head.number < ready_in:
        return f"from {show_time(ready_at)} and block {ready_in} on"
    return f"until {show_time(late_at)} or block {late_in}, whichever is later"
