"""Several chains, what is carried between them, and time in rounds: the stage on which a test plays.

Takes local chains; gives rounds. In each of them faults strike, messages are brought, programs act, every chain makes
its blocks, and what is new is seen. Nothing waits for the machine's clock.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from web3 import Web3

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.chains import LocalChains
from zklink.lab.courier import Courier
from zklink.lab.courier_state import State
from zklink.lab.errors import FaultUnavailable, NeverCame, NoSuchChain
from zklink.lab.kinds import EVM, LITESVM, SOLANA, Kind, LabChain
from zklink.lab.nodes import Nodes
from zklink.lab.pace import Pace
from zklink.lab.places import Places
from zklink.lab.rpc_proxy import RpcProxy
from zklink.lab.sending import Sent
from zklink.lab.story import Story
from zklink.lab.trace import Names, Trace, trace

if TYPE_CHECKING:
    from zklink.lab.faults.base import Fault, Strike
    from zklink.lab.solana.base import SolanaChain
    from zklink.lab.solana.ledger import Ledger
    from zklink.lab.solana.proxy import SolanaProxy

MOST_ROUNDS: Final = 60
"""How long `until` goes on by default."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything about a world at one moment."""

    chains: tuple[Any, ...]
    courier: State
    routes: int
    story: Story
    paces: dict[str, Pace]
    outbox: tuple[Sent, ...]
    told: tuple[Sent, ...]
    programs: tuple[Callable[[], None], ...]
    strikes: tuple["Strike", ...]


class LabWorld:
    """A stage. Outside of `by_rounds` each transaction is mined at once, and a round makes further blocks; inside,
    transactions wait for the round's blocks.
    """

    def __init__(self, chains: LocalChains[Any], seconds_per_round: int | None = None) -> None:
        self.chains = chains
        slowest = max((chain.spec.block_time_seconds for chain in chains), default=1.0)
        self.seconds_per_round = seconds_per_round or max(1, round(slowest))
        self.story = Story()
        self.courier = Courier(lambda: self.story)
        self.paces: dict[str, Pace] = {}
        self.programs: list[Callable[[], None]] = []
        self.outbox: list[Sent] = []
        self._told: list[Sent] = []
        """What the story has told and no block has yet."""
        self.strikes: list[Strike] = []
        self.nodes = Nodes()
        self._starts: dict[str, int] = {}
        self._is_in_round = False

    # -- parts ---------------------------------------------------------------------------------------------------

    @property
    def round_number(self) -> int:
        """The round that runs; 0 before the first."""
        return self.story.round

    @property
    def coming_round(self) -> int:
        """The round whose blocks are made next."""
        return self.story.round + (not self._is_in_round)

    @property
    def places(self) -> Places:
        """Where faults can strike as things are."""
        routes = self.courier.routes
        return Places(
            self.chains.backend,
            tuple(chain.name for chain in self.chains),
            self.courier.ways(),
            tuple(dict.fromkeys(route.reader.name for route in routes)),
            tuple(dict.fromkeys(route.reader.address for route in routes)),
            self.nodes.names,
            tuple((chain.name, self.made_of(chain.name)) for chain in self.chains if chain.kind == SOLANA),
        )

    def member(self, name: str) -> LabChain:
        """A chain of any kind by its name. Raises NoSuchChain."""
        found: LabChain = self.chains.by_name(name)
        return found

    def chain(self, name: str) -> LocalChain:
        """An EVM chain by its name. Raises NoSuchChain."""
        found: LocalChain = self._of_kind(name, EVM)
        return found

    def solana(self, name: str = "solana") -> "SolanaChain":
        """A Solana chain by its name. Raises NoSuchChain."""
        found: SolanaChain = self._of_kind(name, SOLANA)
        return found

    def ledger(self, name: str = "solana") -> "Ledger":
        """What a Solana chain in this process keeps. Raises NoSuchChain, FaultUnavailable for another one."""
        chain: Any = self.solana(name)
        if chain.made_of != LITESVM:
            raise FaultUnavailable(name, "a ledger in this process", LITESVM)
        found: Ledger = chain.ledger
        return found

    def _of_kind(self, name: str, kind: Kind) -> Any:
        found = self.member(name)
        if found.kind != kind:
            raise NoSuchChain(name, tuple(chain.name for chain in self.chains if chain.kind == kind))
        return found

    def pace(self, name: str) -> Pace:
        """How a chain makes its blocks. Raises NoSuchChain."""
        chain = self.member(name)
        if name not in self.paces:
            self.paces[name] = Pace.begin(chain, self.seconds_per_round)
        return self.paces[name]

    def node(self, name: str) -> tuple[Web3, RpcProxy]:
        """A misbehaving node before an EVM chain, for the program under test, and its switches; `chain.w3` stays
        honest. Raises NoSuchChain.
        """
        return self.nodes.evm(self.chain(name))

    def solana_node(self, name: str = "solana") -> "SolanaProxy":
        """The same before a Solana chain: `make_request(method, parameters)`, or `rpc_http.HttpNode` for programs that
        take a URL. Raises NoSuchChain.
        """
        return self.nodes.solana(self.solana(name))

    def made_of(self, name: str) -> str:
        """What a chain is made of, as faults name it. Raises NoSuchChain."""
        chain: Any = self.member(name)
        return str(chain.made_of if chain.kind == SOLANA else self.chains.backend)

    def own_height(self, name: str) -> int:
        """How many blocks a chain has had since rounds began, of those that a reorganisation may take away."""
        chain = self.member(name)
        return min(chain.height() - self._starts.get(name, 0), chain.most_reorg())

    # -- acting --------------------------------------------------------------------------------------------------

    def tell(self, where: str, text: str) -> None:
        """A line of the story."""
        self.story.tell(where, text)

    def name(self, address: str, name: str) -> None:
        """Say who has an address: the story tells messages with the name."""
        self.courier.people[address.lower()] = name

    def send(self, chain: str, call: Any, sender: str | int, text: str = "", value: int = 0) -> Sent:
        """Send a call of a contract, or a transaction's fields, from an unlocked account: its address, or the number
        of a funded one. `value` is in wei, and told in coins. If the node's pool is full it is offered again every
        round. Raises NoSuchChain, and NodeRefused for what the node never takes.
        """
        address = funded_account(sender).address if isinstance(sender, int) else sender
        sent = Sent(self.chain(chain), call, address, text or "a transaction", value)
        if text:
            self.tell(chain, f"{text}, with {sent.chain.show_coins(value)}" if value else text)
        if not sent.offer(self.story):
            self.outbox.append(sent)
        if text:
            self._told.append(sent)
            self._tell_refusals()
        return sent

    def submit(self, chain: str, wire: bytes, text: str = "") -> str:
        """Send a signed transaction to a Solana chain; gives its signature. Raises NoSuchChain, and NodeRefused for one
        that the node does not take.
        """
        signature = self.solana(chain).send(wire)
        if text:
            self.tell(chain, text)
            self.story.names[signature] = text
        return signature

    def trace(self, sent: Sent, names: Names | None = None) -> Trace:
        """What a transaction caused on all chains so far: calls, gas, events. `names` are contracts', by chain and
        address.
        """
        return trace(self, sent, names or {})

    def each_round(self, program: Callable[[], None]) -> None:
        """Let a program act in every round, before the blocks."""
        self.programs.append(program)

    def strike(self, fault: "Fault") -> None:
        """Let a fault strike now. Raises what its `check` raises."""
        fault.check(self)
        fault.strike(self)

    # -- rounds --------------------------------------------------------------------------------------------------

    def round(self, count: int = 1) -> None:
        """Let rounds pass."""
        for _ in range(count):
            self.story.round += 1
            self._is_in_round = True
            try:
                self._play_round()
            finally:
                self._is_in_round = False

    def _play_round(self) -> None:
        self.nodes.begin_round(self.round_number)
        for chain in self.chains:
            self.pace(chain.name).begin_round(chain, self.round_number)
        self._let_strike(is_late=False)
        self.outbox = [sent for sent in self.outbox if not sent.offer(self.story)]
        self.courier.bring()
        for program in self.programs:
            program()
        self._let_strike(is_late=True)
        for chain in self.chains:
            self.pace(chain.name).pass_round(chain, self.round_number)
        self._tell_refusals()
        self.courier.look()

    def _tell_refusals(self) -> None:
        self._told = [sent for sent in self._told if not sent.tell_outcome(self.story)]

    def _let_strike(self, *, is_late: bool) -> None:
        for strike in self.strikes:
            if strike.at == self.round_number and strike.fault.is_late == is_late:
                strike.fault.strike(self)

    def until(self, condition: Callable[[], bool], what: str = "the condition", rounds: int = MOST_ROUNDS) -> None:
        """Rounds until something holds; none if it does already. Raises NeverCame after so many."""
        for _ in range(rounds):
            if condition():
                return
            self.round()
        if not condition():
            raise NeverCame(what, rounds)

    def settle(self, rounds: int = MOST_ROUNDS) -> None:
        """Rounds until nothing is under way and nothing waits. Raises NeverCame."""
        self.courier.look()
        self.until(self.is_idle, "everything under way has arrived", rounds)

    def is_idle(self) -> bool:
        """Whether nothing is under way between the chains, and no transaction waits."""
        is_waiting = self.outbox or any(chain.waiting() for chain in self.chains if chain.has_pool)
        return self.courier.is_idle() and not is_waiting

    @contextlib.contextmanager
    def by_rounds(self, strikes: Sequence["Strike"] = ()) -> Iterator[Self]:
        """A block of code in which transactions wait for rounds, beginning with round 1, and faults strike at theirs.

        py-evm mines each transaction at once all the same.
        """
        self.strikes, self.story, self.paces = list(strikes), Story(), {}
        self._starts = {chain.name: chain.height() for chain in self.chains}
        waiting = [chain for chain in self.chains if chain.has_pool]
        for chain in waiting:
            chain.set_automine(False)
        try:
            yield self
        finally:
            self.strikes = []
            for chain in waiting:
                self.pace(chain.name).release(chain)
                chain.set_automine(True)
            self.nodes.heal()

    # -- going back ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Moment:
        """Remember everything; for one `restore`."""
        return Moment(
            self.chains.snapshot(),
            self.courier.state.copy(),
            len(self.courier.routes),
            self.story.copy(),
            {name: pace.copy() for name, pace in self.paces.items()},
            tuple(self.outbox),
            tuple(self._told),
            tuple(self.programs),
            tuple(self.strikes),
        )

    def restore(self, moment: Moment) -> None:
        """Go back to a snapshot: chains, messages, routes, programs and the story."""
        self.chains.restore(moment.chains)
        self.courier.state = moment.courier.copy()
        del self.courier.routes[moment.routes :]
        self.story = moment.story.copy()
        self.paces = {name: pace.copy() for name, pace in moment.paces.items()}
        self.outbox, self.programs, self.strikes = list(moment.outbox), list(moment.programs), list(moment.strikes)
        self._told = list(moment.told)
        self.nodes.heal()

    @contextlib.contextmanager
    def isolated(self) -> Iterator[Self]:
        """A block of code after which the world is as before; exceptions pass through."""
        moment = self.snapshot()
        try:
            yield self
        finally:
            self.restore(moment)

    # -- the end -------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End every process that the chains have started."""
        self.chains.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()
