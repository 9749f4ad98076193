"""What the governor of a chain prepares: proposals that wait, a group that is announced, a founding that is open, and
another owner of the timelock.

Takes a chain's groups and timelock; gives alarms, because whoever does not like it has until then to leave.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NO_ADDRESS
from zklink.l1.contracts.governance_events import Cancelled, Executed, Proposed
from zklink.l1.contracts.timelock import TimelockClient
from zklink.protocol.ids import GROUP_DELAY_SECONDS
from zklink.recovery.outcome import Window, show_time
from zklink.service.watching.alarms import Alarm, AlarmName


@dataclass(slots=True)
class Governance:
    """Looks at the governor of one chain again and again; remembers the proposals that it has seen. `owner` is whose
    the timelock should be, by the deployment's record.
    """

    bridge: BridgeClient
    name: str
    from_block: int
    owner: str
    _timelock: TimelockClient | None = field(default=None, init=False)
    _is_asked: bool = field(default=False, init=False)
    _proposals: dict[bytes, Proposed] = field(default_factory=dict, init=False)

    def look(self, height: int) -> Iterator[Alarm]:
        """What the governor prepares, by the events up to L1 block `height`. Raises RpcUnavailable."""
        groups = self.bridge.groups
        coming = groups.coming(block=height)
        if coming is not None:
            blocks_per_day = groups.blocks_per_day()
            window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, blocks_per_day)
            who = f"{coming.signers.threshold} of {', '.join(coming.signers.members)}"
            text = f"new {coming.group.name.lower()} are announced, {who}: they have a word from {_show(window)} on"
            yield Alarm(AlarmName.GROUP_ANNOUNCED, self.name, text, window.ends_at, str(coming.announced_at))
        timelock = self._find_timelock()
        if timelock is None:
            return
        if timelock.is_founding():
            text = "its founding is open: the timelock's owner can call anything at once; bring nothing in"
            yield Alarm(AlarmName.FOUNDING, self.name, text)
        yield from self._look_at_owner(timelock, height)
        yield from self._look_at_proposals(timelock, height)

    def _look_at_owner(self, timelock: TimelockClient, height: int) -> Iterator[Alarm]:
        found = timelock.ownership(height)
        if not found.is_of(self.owner):
            text = f"its timelock belongs to {found.owner}, and the record names {self.owner}: who has agreed to that?"
            yield Alarm(AlarmName.OWNER_CHANGED, self.name, text, mark=found.owner)
        if found.coming != NO_ADDRESS:
            text = f"{found.coming} can make its timelock its own; it is that of {found.owner}"
            yield Alarm(AlarmName.OWNER_NAMED, self.name, text, mark=found.coming)

    def _look_at_proposals(self, timelock: TimelockClient, height: int) -> Iterator[Alarm]:
        if height >= self.from_block:
            for event in timelock.events_named((Proposed, Cancelled, Executed), self.from_block, height):
                if isinstance(event, Proposed):
                    self._proposals[event.proposal_id] = event
                elif isinstance(event, Cancelled | Executed):
                    self._proposals.pop(event.proposal_id, None)
            self.from_block = height + 1
        for proposal_id, proposed in list(self._proposals.items()):
            waiting = timelock.waiting(proposal_id)
            if waiting is None:
                continue
            (ready, ready_in), (late, _) = waiting.ready, waiting.too_late
            calls = ", ".join(f"0x{call.data[:4].hex()} of {call.target}" for call in proposed.calls)
            text = f"proposal 0x{proposal_id.hex()[:8]} waits ({calls}): anybody can execute it from"
            said = f"{text} {show_time(ready)} and block {ready_in} on, until {show_time(late)}"
            yield Alarm(AlarmName.PROPOSAL_WAITS, self.name, said, ready, proposal_id.hex())

    def _find_timelock(self) -> TimelockClient | None:
        """The governor, if it is a contract."""
        if not self._is_asked:
            client, governor = self.bridge.client, self.bridge.groups.governor()
            self._timelock = TimelockClient(client, governor) if client.code(governor) else None
            self._is_asked = True
        return self._timelock


def _show(window: Window) -> str:
    return f"{show_time(window.ends_at)} and block {window.ends_in}"
