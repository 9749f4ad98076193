"""The whole pipeline on a deployed system, one deterministic round at a time.

Every job runs at once on the test's thread, time passes only between rounds, and each round mines a block on every
chain. A test sends swaps, deposits and signed operations, lets rounds pass, and looks at balances, events and books.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from eth_account.signers.local import LocalAccount

from tests.support.chains import build_order, send_deposit, send_swap
from zklink.broker.books import FORGETFUL, FillBooks
from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.devnet.system import LocalSystem
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import USDC
from zklink.history.solvency import Reconciliation
from zklink.history.swaps import SwapRecord, Timeline
from zklink.l1.contracts.bridge_events import SwapRequested
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.transport.client import ChainClient
from zklink.node.events import BlockProven, RequestKey, Retried, TransactionMined
from zklink.node.node import Node
from zklink.node.parts import NodeConfig
from zklink.node.ports import BlockProver, CheckpointStore, Proved
from zklink.node.workers import InlineWorkers
from zklink.operations.signed import Signable, Signed, sign
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import CUSTODY_LIMIT, AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, TokenId
from zklink.sequencer.fee_terms import WORK
from zklink.sequencer.journal import Journal, JournalEntry, MemoryJournal
from zklink.sequencer.submitter import Submitter
from zklink.service.evm_link import NodeKeys
from zklink.service.reconcile import reconcile
from zklink.service.wiring import LocalGroups, Programs, build_parts
from zklink.state.rows import Pool
from zklink.state.state import PoolId
from zklink.transition.block_frame import LaneBlock

ETHEREUM, POLYGON, BSC, AVALANCHE = (ChainId(chain) for chain in (1, 2, 3, 4))
MAX_ROUNDS = 60
LEAST_FEE = Amount(10_000)
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class LiquidSystem(LocalSystem):
    """A deployed system whose pools are full: what the sequencer sealed for that, and the pools as they are then."""

    entries: tuple[JournalEntry, ...]
    pools: Mapping[PoolId, Pool]

    @property
    def height(self) -> int:
        """The last block that filled the pools; every chain has executed it."""
        return len(self.entries)

    def number(self, index: int) -> BlockNumber:
        """The number of a test's own block, counted from 1."""
        return BlockNumber(self.height + index)

    def journal(self, into: Journal | None = None) -> Journal:
        """A journal that begins with the blocks that filled the pools."""
        journal = MemoryJournal() if into is None else into
        for entry in self.entries:
            journal.append(entry)
        return journal


class Believer:
    """A prover for verifiers that believe everything."""

    def prove(self, block: LaneBlock) -> Proved:
        return Proved((0,) * 8, 0.0, 0.0)


@dataclass
class TestClock:
    """Seconds that pass when the test says so."""

    __test__ = False

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pipeline:
    """A node on a system, with what tests ask of it."""

    system: LocalSystem
    prover: BlockProver
    journal: Journal | None = None
    has_broker: bool = True
    clients: Mapping[ChainId, ChainClient] | None = None
    config: NodeConfig = field(default_factory=NodeConfig)
    groups: LocalGroups | None = None
    books: FillBooks = FORGETFUL
    checkpoints: CheckpointStore | None = None
    clock: TestClock = field(default_factory=TestClock)
    programs: Programs = field(default_factory=dict)

    def __post_init__(self) -> None:
        roles = self.system.world.roles
        keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
        tiers = (Tier(Amount(CUSTODY_LIMIT), 0),)
        policy = FillPolicy({token.token_id: TokenPolicy(tiers, LEAST_FEE) for token in self.system.deployment.tokens})
        parts = build_parts(
            self.system.deployment,
            self.clients or self.system.world.clients,
            keys,
            self.prover,
            self._open_journal(),
            build_terms(self.system.deployment.tokens),
            policy if self.has_broker else None,
            groups=self.groups,
            books=self.books,
            checkpoints=self.checkpoints,
            programs=self.programs,
        )
        self._submitters = dict(parts.submitters)
        self._active = dict(parts.submitters)
        self.parts = replace(parts, submitters=self._active)
        self.node = Node(self.parts, InlineWorkers(), self.clock, self.config)
        self.timeline = Timeline(parts.profiles)
        self.node.listen(self.timeline.take)

    def _open_journal(self) -> Journal:
        if self.journal is None:
            self.journal = self.system.journal() if isinstance(self.system, LiquidSystem) else MemoryJournal()
        return self.journal

    # -- actors --------------------------------------------------------------------------------------------------

    def swap(
        self, source: ChainId, token_in: TokenId, amount: int, to: tuple[ChainId, TokenId], **terms: Any
    ) -> RequestKey:
        """The depositor swaps `amount` (layer-2 units) to the recipient on `to`; gives the request's key."""
        receipt = send_swap(self.system, source, build_order(self.system, source, token_in, amount, *to, **terms))
        events = self.system.bridges[source].events_of(receipt)
        requested = next(event for event in events if isinstance(event, SwapRequested))
        return source, requested.request.request_id

    def deposit(self, chain: ChainId, token: TokenId, amount: int, owner: LocalAccount) -> None:
        """An owner brings `amount` (layer-2 units) into its account."""
        send_deposit(self.system, chain, token, amount, sender=owner)

    def account(self, owner: LocalAccount) -> AccountId:
        """The account of an owner; IndexError if it has none."""
        return self.node.sequencer.state.accounts_of(universal_address(owner.address))[0]

    def nonce(self, account: AccountId) -> Nonce:
        """The nonce of an account's next operation, after all that wait."""
        sequencer = self.node.sequencer
        waiting = len(sequencer.intake.queue.of(account))
        return Nonce(sequencer.state.account(account).nonce + waiting)

    def sign(self, operation: Signable, key: PrivateKey) -> Signed[Any]:
        """An operation with its signature."""
        return sign(operation, self.node.sequencer.parameters.domain(Lane.ACCOUNT), key)

    def fee(self, operation: type, token: TokenId = USDC) -> Amount:
        """The least fee of an operation that opens no account."""
        return self.node.sequencer.parameters.terms.compute_least(WORK[operation], token)

    def submit(self, operation: Signable, key: PrivateKey, consent: bytes = b"") -> bytes:
        """Sign an operation and hand it to the node."""
        return self.node.submit(self.sign(operation, key), consent)

    def approve_broker(self, *tokens: tuple[ChainId, TokenId]) -> None:
        """The broker lets the bridges pull what it owns of some tokens."""
        for chain, token_id in tokens:
            token = self.system.token(chain, token_id)
            broker = self.system.world.roles.broker
            token.approve(broker, self.system.bridges[chain].address, token.balance(broker.address))

    def halt(self, *chains: ChainId) -> None:
        """Nothing is submitted on these chains until `resume`."""
        for chain in chains:
            self._active.pop(chain, None)

    def replace(self, chain: ChainId, submitter: Submitter) -> None:
        """Somebody else submits on a chain until `resume`."""
        self._active[chain] = submitter

    def resume(self) -> None:
        """Submit on every chain again."""
        self._active.update(self._submitters)

    # -- time ----------------------------------------------------------------------------------------------------

    def round(self, count: int = 1) -> None:
        """The node steps once, each chain mines a block, a second passes."""
        for _ in range(count):
            self.node.step()
            self.system.world.mine()
            self.clock.now += 1

    def run_until(self, is_done: Callable[[], bool]) -> None:
        """Rounds until `is_done`; fails with what the node reported if that never comes."""
        for _ in range(MAX_ROUNDS):
            if is_done():
                return
            self.round()
        raise AssertionError(f"still not done after {MAX_ROUNDS} rounds; the node reported {self.retries()}")

    def finish(self, swaps: int = 0) -> None:
        """Rounds until `swaps` requests are known and everything is executed on every chain."""
        self.run_until(lambda: len(self.timeline.swaps) >= swaps and self.node.is_settled())

    # -- what can be seen ----------------------------------------------------------------------------------------

    def balance(self, account: LocalAccount, chain: ChainId, token: TokenId) -> int:
        """What an account owns, in the token's L1 units."""
        return self.system.token(chain, token).balance(account.address)

    def record(self, key: RequestKey) -> SwapRecord:
        """What became of a request."""
        return self.timeline.swaps[key]

    def events(self, kind: type[E]) -> list[E]:
        """All events of a kind."""
        return [event for event in self.node.events if isinstance(event, kind)]

    def retries(self) -> list[str]:
        """What failed and was tried again."""
        return [f"{event.job}: {event.reason}" for event in self.node.events if isinstance(event, Retried)]

    def count_proven(self) -> int:
        """How many blocks this node has proven."""
        return len({event.number for event in self.events(BlockProven)})

    def sent(self, purpose: str, chain: ChainId | None = None) -> list[tuple[ChainId, tuple[int, ...]]]:
        """This node's transactions for a purpose: chain and blocks."""
        mined = (event for event in self.node.events if isinstance(event, TransactionMined))
        return [
            (event.chain, event.blocks) for event in mined if event.purpose == purpose and chain in (None, event.chain)
        ]

    @property
    def base(self) -> int:
        """The last block that filled the pools."""
        return self.system.height if isinstance(self.system, LiquidSystem) else 0

    def pool(self, a: TokenId, b: TokenId) -> Pool:
        """A pool as it was when the test began."""
        assert isinstance(self.system, LiquidSystem)
        return self.system.pools[min(a, b), max(a, b)]

    def reconcile(self) -> Reconciliation:
        """Bridges against the state."""
        return reconcile(self.system.deployment, self.system.bridges, self.node.sequencer)

    def check_books(self) -> None:
        """SOL-1, SOL-2, exact custody and exact fees."""
        found = self.reconcile()
        wrong = [holding for holding in found.holdings if not (holding.is_solvent and holding.is_exact)]
        assert found.is_clean, (wrong, [total for total in found.totals if not total.is_conserved], found.fees)
        assert found.holdings and found.totals and len(found.fees) == len(self.system.bridges)
