"""Looks at a deployment from outside, for whoever wants to be told: what each chain has, owes and has stopped.

Takes the chains, through one's own nodes; gives alarms, health, metrics and the groups' words that stand in calldata.
It needs no key and believes no operator. Never sends anything.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from zklink.l1.contracts.bridge import BridgeClient
from zklink.protocol.errors import HistoryDisagrees, ReplayMismatch, RpcUnavailable, ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import check_bridge
from zklink.recovery.words_kept import read_words, write_words
from zklink.service.evm_link import check_nodes
from zklink.service.health import HealthBoard
from zklink.service.metrics import Metrics
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching.alarms import DEPLOYMENT, Alarm, AlarmBook, AlarmName, name_part
from zklink.service.watching.ends import find_end, find_freezes
from zklink.service.watching.governance import Governance
from zklink.service.watching.members import MemberWatch
from zklink.service.watching.money import Custody, Ledger
from zklink.service.watching.progress import Progress


class Watch:
    """`round` looks once at everything. With `words` it keeps there, beside what the file has already, what the
    calldata of members shows. Raises WordsInvalid for a file that is none.
    """

    def __init__(
        self,
        read: ChainsRead,
        clock: Callable[[], float],
        words: Path | None = None,
        limits: WatchLimits | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._read, self._clock, self._words = read, clock, words
        limits, self.metrics = limits or WatchLimits(), metrics or Metrics()
        self.metrics.rpc.add(bridge.client for bridge in read.bridges.values())
        for program in read.programs.values():
            self.metrics.rpc.add_meters(program.name, program.meters())
        places = (*map(read.name, (*read.bridges, *read.programs)), DEPLOYMENT)
        self.board = HealthBoard(tuple(map(name_part, places)))
        self.alarms = AlarmBook(places, self.metrics, self.board)
        self._ledger, self._known = Ledger(read.deployment), set[ChainId]()
        starts = {chain: read.deployment.chains[chain].from_block for chain in read.bridges}
        self._progress = {chain: Progress(read, chain, limits, self.metrics) for chain in read.bridges}
        self._custody = {chain: Custody(read, chain, self.metrics) for chain in read.bridges}
        self._members = {chain: MemberWatch(read, chain, limits, self.metrics) for chain in read.programs}
        self._governance = {
            chain: Governance(bridge, read.name(chain), starts[chain], read.deployment.governor)
            for chain, bridge in read.bridges.items()
        }
        if words is not None and words.exists():
            read_words(words, read.deployment.deployment_hash, read.groups.kept)

    def check(self, *, needs_all: bool = False) -> None:
        """Raise WrongChain or HistoryDisagrees for a node of another chain, or a bridge of another deployment; with
        `needs_all` every single node must answer (RpcUnavailable); else a chain that is away is looked at later.
        """
        for chain in (*self._read.bridges, *self._read.programs):
            try:
                self._recognise(chain)
            except RpcUnavailable:
                if needs_all:
                    raise
        if needs_all:
            check_nodes(bridge.client for bridge in self._read.bridges.values())
            for program in self._read.programs.values():
                program.check_nodes()

    def round(self) -> None:
        """Look at every chain; what cannot be read now is said and looked at again."""
        history = self._look_at_history()
        tips = [self._look(chain, history) for chain in (*self._read.bridges, *self._read.programs)]
        self._ledger.forget_before(min(tips))
        self.metrics.watch_looked_at.labels(DEPLOYMENT).set(self._clock())

    def _look_at_history(self) -> AcceptedHistory | None:
        """The primary's history, as far as it can be read; what it says of itself is entered."""
        found, history = list[Alarm](), None
        try:
            self._recognise(self._read.deployment.primary)
            history = self._read.history()
            found += self._ledger.advance(history)
        except (HistoryDisagrees, ReplayMismatch) as error:
            found.append(Alarm(AlarmName.HISTORY_BROKEN, DEPLOYMENT, str(error)))
        except ZkLinkError as error:
            found.append(Alarm(AlarmName.UNREAD, DEPLOYMENT, f"the primary's history cannot be read: {error}"))
        if self._words is not None:
            found += self._carry_words(self._words)
        self.alarms.enter(DEPLOYMENT, found, is_whole=history is not None)
        return history

    def _look(self, chain: ChainId, history: AcceptedHistory | None) -> int:
        """Look at a chain; gives the last block that it had at its last final block, 0 if that is not known."""
        name, found, tips = self._read.name(chain), list[Alarm](), [0]
        try:
            for alarm in self._find(chain, history, tips):
                found.append(alarm)
            is_whole = True
        except ZkLinkError as error:
            found.append(Alarm(AlarmName.UNREAD, name, f"it cannot be read: {error}"))
            is_whole = False
        self.alarms.enter(name, found, is_whole=is_whole)
        return tips[-1]

    def _find(self, chain: ChainId, history: AcceptedHistory | None, tips: list[int]) -> Iterator[Alarm]:
        self._recognise(chain)
        if chain in self._members:
            yield from self._members[chain].look(self._clock(), history, self._ledger, tips)
            return
        bridge: BridgeClient = self._read.bridges[chain]
        head = bridge.client.head()
        tip = bridge.history.tip(block=head.number)
        is_frozen = bridge.end.is_frozen(block=head.number)
        self.metrics.chain_frozen.labels(self._read.name(chain)).set(is_frozen)
        yield from find_freezes(self._read, chain, head.number)
        yield from find_end(self._read, bridge, head.number, history)
        yield from self._progress[chain].look(head, self._clock(), tip, history, is_frozen=is_frozen)
        final = head.number - bridge.client.profile.confirmations + 1
        if final < self._read.deployment.chains[chain].from_block:
            return
        tips.append(bridge.history.tip(block=final).number)
        yield from self._custody[chain].look(final, self._ledger, is_frozen)
        yield from self._governance[chain].look(final)

    def _recognise(self, chain: ChainId) -> None:
        if chain in self._known:
            return
        if chain in self._read.programs:
            self._read.programs[chain].check()
        else:
            bridge = self._read.bridges[chain]
            bridge.client.check_chain_id()
            check_bridge(bridge, self._read.deployment)
        self._known.add(chain)

    def _carry_words(self, path: Path) -> Iterator[Alarm]:
        try:
            self._read.learn()
            write_words(path, self._read.deployment.deployment_hash, self._read.groups.kept)
        except ZkLinkError as error:
            yield Alarm(AlarmName.WORDS_NOT_KEPT, DEPLOYMENT, f"words are not kept now: {error}")
