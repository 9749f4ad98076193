"""Three bridges with everything around them, in process: what the unit tests of the contracts play on.

Built by tests/support/rig_build.py: chains A (1), B (2, the primary) and C (5) with one deployment on them, coin,
tokens, a committee and actors. Each bridge holds what a provider has deposited there (RESERVE of every token), in open
deposits. Blocks are drafts (tests/support/draft.py). The verifiers of blocks believe everything, that of exits takes
the hash of a statement for its proof; what a proof binds is tested elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.support.committee import Committee
from tests.support.draft import PAYEE, Draft, message_args, stored_args
from tests.support.evm import EvmChain, EvmContract
from zklink.operations.payout import Payout
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import CUSTODY_LIMIT, BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest

if TYPE_CHECKING:
    from tests.support.rig_build import Helpers, Partners

A, B, C = ChainId(1), ChainId(2), ChainId(5)
PRIMARY = B
EVM_CHAIN_IDS = {A: 1, B: 137, C: 56}
START_TIME = 1_800_000_000
TOKEN_LIMIT, ACCOUNT_LIMIT = 1024, 4**12
CHAIN_MASK = sum(1 << k for k in EVM_CHAIN_IDS)
GENESIS_ROOT = 4_711

NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
ZERO = "0x" + "00" * 20
EXECUTED = "0x" + "00" * 19 + "01"

COIN, USD, OLD, BAD, REMOTE = TokenId(1), TokenId(2), TokenId(3), TokenId(4), TokenId(9)
"""The chain's coin, a dollar, a token without return values, an adversarial one, and one that is only on C."""
TOKENS = (COIN, USD, OLD, BAD)
"""Those that are on every chain."""
LAYER2_DECIMALS = {COIN: 12, USD: 6, OLD: 6, BAD: 6, REMOTE: 6}
USD_DECIMALS = {A: 6, B: 18, C: 8}
RESERVE = 10**12
"""What the provider deposits of every token on every chain, layer-2 units."""


def actor(role: str) -> str:
    """The account of a role."""
    return "0x" + keccak256(role.encode())[12:].hex()


GOVERNOR, VALIDATOR, STRANGER = actor("governor"), actor("validator"), actor("stranger")
DEPOSITOR, BROKER, PROVIDER = actor("depositor"), actor("broker"), actor("provider")
RECIPIENT = PAYEE
ACTORS = (GOVERNOR, VALIDATOR, STRANGER, DEPOSITOR, RECIPIENT, BROKER, PROVIDER)


def universal(account: str) -> bytes:
    """An EVM account as 32 bytes."""
    return bytes(12) + bytes.fromhex(account[2:])


@dataclass
class Node:
    """One chain of the rig. `history` and `drafts` are the blocks that the test has committed there."""

    chain: ChainId
    evm: EvmChain
    bridge: EvmContract
    helpers: "Helpers"
    partners: "Partners"
    tokens: dict[TokenId, EvmContract]
    history: list[StoredBlock]
    drafts: list[Draft]

    @property
    def transport(self) -> EvmContract:
        """Decides which messages are authentic."""
        return self.helpers.transport

    @property
    def registry(self) -> EvmContract:
        """The chain's tokens."""
        return self.helpers.token_registry

    @property
    def ledger(self) -> EvmContract:
        """What is known of the other chains."""
        return self.partners.sync_ledger

    @property
    def exodus(self) -> EvmContract:
        """The way out."""
        return self.partners.exodus

    def scale(self, token: TokenId) -> int:
        """L1 units per layer-2 unit."""
        decimals = {COIN: 18, USD: USD_DECIMALS[self.chain], OLD: 6, BAD: 6}[token]
        return int(10 ** (decimals - LAYER2_DECIMALS[token]))

    def balance(self, token: TokenId, owner: str) -> int:
        """L1 units of a token that an account has."""
        return self.evm.balance(owner) if token == COIN else int(self.tokens[token].balanceOf(owner))

    def order(self, **changes: object) -> tuple[object, ...]:
        """A swap of ten dollars here for coin on another chain."""
        fields: dict[str, object] = {
            "token_in": USD,
            "l1_amount": 10 * 10**6 * self.scale(USD),
            "destination": B if self.chain != B else A,
            "token_out": COIN,
            "min_out": 5,
            "operator_fee": 1_000,
            "fill_fee": 2,
            "recipient": universal(RECIPIENT),
            "deadline": self.evm.time + 600,
        }
        assert changes.keys() <= fields.keys()
        return tuple((fields | changes).values())

    def swap(self, value: int = 0, sender: str = DEPOSITOR, **changes: object) -> int:
        """Swap; gives the request's id."""
        return int(self.bridge.swap(self.order(**changes), sender=sender, value=value))

    def deposit(self, token: TokenId, amount: int, sender: str = DEPOSITOR, owner: bytes | None = None) -> int:
        """Deposit layer-2 units for the sender or another owner; gives the request's id."""
        l1_amount = amount * self.scale(token)
        order = (token, l1_amount, universal(sender) if owner is None else owner)
        return int(self.bridge.deposit(order, sender=sender, value=l1_amount if token == COIN else 0))

    def request_words(self) -> tuple[int, ...]:
        """The words of the swap that the last call queued, from its event alone."""
        e = self.evm.event("SwapRequested")
        recipient = int.from_bytes(e["recipient"], "big")
        w0 = Kind.SWAP_REQUEST << 240 | self.chain << 232 | e["destination"] << 224 | e["request_id"] << 160
        return (
            w0 | e["token_in"] << 144 | e["token_out"] << 128 | e["amount"],
            e["min_out"] << 128 | e["operator_fee"] << 16 | (recipient >> 248) << 8,
            e["fill_fee"] << 80 | e["deadline"] << 40 | e["queued_at"],
            recipient % 2**248,
            int(e["sender"], 16),
        )

    def deposit_words(self) -> tuple[int, ...]:
        """The words of the deposit that the last call queued, from its event alone."""
        e = self.evm.event("DepositRequested")
        owner = int.from_bytes(e["owner"], "big")
        r0 = Kind.DEPOSIT << 240 | self.chain << 232 | e["request_id"] << 160 | e["token_id"] << 144 | e["amount"]
        return (r0, owner % 2**248, (owner >> 248) << 48 | e["queued_at"], int(e["sender"], 16))

    def full_exit_words(self) -> tuple[int, ...]:
        """The words of the full exit that the last call queued, from its event alone."""
        e = self.evm.event("FullExitRequested")
        owner = int(e["owner"], 16)
        r0 = Kind.FULL_EXIT << 240 | self.chain << 232 | e["request_id"] << 160 | e["token_id"] << 144
        return (r0 | e["account"] << 112, owner, e["queued_at"], owner)

    def status(self) -> tuple[int, int, int, int]:
        """Last committed, proven, accepted, executed block."""
        values: tuple[int, int, int, int] = self.bridge.status()
        return values

    def commit(self, *drafts: Draft) -> None:
        """Commit blocks and remember them."""
        self.bridge.commit_blocks(
            stored_args(self.history[-1]), [d.commit_args(self.chain) for d in drafts], sender=VALIDATOR
        )
        for draft in drafts:
            self.history.append(draft.store(self.chain, self.history[-1]))
            self.drafts.append(draft)

    def prove_args(self, number: int, **inputs: int) -> tuple[object, ...]:
        """ProveBlock with a proof that nobody looks at."""
        public = replace(self.drafts[number - 1].inputs, **inputs)
        return (stored_args(self.history[number]), list(public.as_tuple()), list(range(8)))

    def prove(self, *numbers: int) -> None:
        """Prove committed blocks."""
        self.bridge.prove_blocks([self.prove_args(number) for number in numbers], sender=STRANGER)

    def execute_args(self, number: int) -> tuple[object, ...]:
        """ExecuteBlock."""
        words = [word for payout in self.drafts[number - 1].payouts(self.chain) for word in payout]
        return (stored_args(self.history[number]), words)

    def execute(self, *numbers: int, gas: int = 30_000_000) -> None:
        """Execute accepted blocks."""
        self.bridge.execute_blocks([self.execute_args(number) for number in numbers], sender=STRANGER, gas=gas)


@dataclass
class Rig:
    """The deployment."""

    nodes: dict[ChainId, Node]
    committee: Committee
    deployment_hash: bytes

    def domain(self, lane: Lane = Lane.SWAP) -> int:
        """The domain of a lane's blocks."""
        return compute_lane_domain(self.deployment_hash, lane)

    def __getitem__(self, chain: ChainId) -> Node:
        return self.nodes[chain]

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo on every chain what happens inside, also when it raises."""
        kept = {k: (list(node.history), list(node.drafts)) for k, node in self.nodes.items()}
        with ExitStack() as stack:
            for node in self.nodes.values():
                stack.enter_context(node.evm.rollback())
            try:
                yield
            finally:
                for k, node in self.nodes.items():
                    node.history, node.drafts = kept[k]

    def draft(
        self,
        slices: Mapping[ChainId, Sequence[int]] | None = None,
        on: ChainId = A,
        lane: Lane = Lane.SWAP,
        **changes: object,
    ) -> Draft:
        """The next block after the last committed one of a chain."""
        last = self.nodes[on].history[-1]
        draft = Draft(
            lane=lane,
            primary=PRIMARY,
            domain=self.domain(lane),
            number=last.number + 1,
            timestamp=self.nodes[on].evm.time,
            old_root=last.root,
            new_root=last.root + 1,
            commitment=1_000 + last.number,
            slices={k: tuple(words) for k, words in (slices or {}).items()},
        )
        return replace(draft, **changes)  # type: ignore[arg-type]

    def announce(
        self, source: ChainId, to: ChainId, number: int | None = None, kind: MessageKind = MessageKind.ACC
    ) -> None:
        """Tell a chain what another one has accepted: its last accepted block, or an earlier one."""
        node = self.nodes[source]
        at = node.status()[2] if number is None else number
        self.deliver(SyncMessage(source, BlockNumber(at), node.history[at].sync_hash, kind), to)

    def deliver(self, message: SyncMessage, to: ChainId) -> None:
        """Hand over a message that the committee has signed."""
        evidence = self.committee.evidence(compute_digest(message, self.deployment_hash))
        self.nodes[to].bridge.receive_message(message_args(message), evidence, sender=STRANGER)

    def accept_everywhere(self, *drafts: Draft) -> None:
        """Commit, prove and accept blocks on all chains, and let every chain know of every other."""
        for node in self.nodes.values():
            node.commit(*drafts)
            node.prove(*(d.number for d in drafts))
        for source in (PRIMARY, *(k for k in self.nodes if k != PRIMARY)):
            for to in self.nodes:
                if to != source:
                    self.announce(source, to)

    def pay(self, *payouts: Payout, lane: Lane = Lane.SWAP) -> Draft:
        """A block with these payouts, accepted everywhere and ready to be executed."""
        slices: dict[ChainId, list[int]] = {}
        for payout in payouts:
            slices.setdefault(payout.chain, []).extend(payout.words())
        draft = self.draft(slices, lane=lane)
        self.accept_everywhere(draft)
        return draft


def config(token_id: TokenId, address: str, /, **changes: object) -> tuple[object, ...]:
    """TokenConfig of a token that is on all three chains."""
    fields: dict[str, object] = {
        "chains": CHAIN_MASK,
        "token": address,
        "layer2_decimals": LAYER2_DECIMALS[token_id],
        "minimum": 100,
        "cap": CUSTODY_LIMIT,
    }
    return tuple((fields | changes).values())
