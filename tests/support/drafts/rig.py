"""Three bridges with everything around them, in process: what the unit tests of the contracts play on.

The deployment of tests/support/three_chains.py with a dollar, coin and tokens that behave badly. Each bridge holds what
a provider has deposited there (RESERVE of every token), in open deposits. Blocks are drafts (draft.py). The verifiers
of blocks believe everything, that of exits takes the hash of a statement for its proof; what a proof binds is tested
elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.support.compile_vyper import Replacements
from tests.support.drafts.draft import Draft, message_args, stored_args
from tests.support.three_chains import (
    AS_COIN,
    CHAIN_MASK,
    DEPOSITOR,
    PRIMARY,
    PROVIDER,
    RECIPIENT,
    STRANGER,
    USD,
    VALIDATOR,
    A,
    B,
    C,
    DeployedChain,
    ThreeChains,
    TokenDesign,
    deploy_three_chains,
)
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.protocol.bridge_hashes import StoredBlock, genesis_block
from zklink.protocol.ids import CUSTODY_LIMIT, BlockNumber, ChainId, Kind, Lane, TokenId
from zklink.protocol.messages import MessageKind, SyncMessage
from zklink.protocol.presets import MINIMAL, Preset

SIZES: Preset = replace(MINIMAL, token_depth=5, account_depth=12)
"""Trees as large as a real deployment's; no circuit is needed for them."""
TOKEN_LIMIT, ACCOUNT_LIMIT = SIZES.token_limit, SIZES.account_limit
GENESIS_ROOT = 4_711
EXECUTED = "0x" + "00" * 19 + "01"

COIN, OLD, BAD, REMOTE = TokenId(2), TokenId(3), TokenId(4), TokenId(9)
"""Beside the dollar: the chain's coin, a token without return values, an adversarial one, and one that is only on C."""
TOKENS = (COIN, USD, OLD, BAD)
"""Those that are on every chain."""
LAYER2_DECIMALS = {USD: 6, COIN: 12, OLD: 6, BAD: 6, REMOTE: 6}
RESERVE = 10**12
"""What the provider deposits of every token on every chain, layer-2 units."""

DESIGNS = (
    TokenDesign(USD, 6, {A: 6, B: 18, C: 8}, "TestToken", ("US Dollar", "USD")),
    TokenDesign(COIN, 12, {A: AS_COIN, B: AS_COIN, C: AS_COIN}),
    TokenDesign(OLD, 6, {A: 6, B: 6, C: 6}, "NoReturnToken"),
    TokenDesign(BAD, 6, {A: 6, B: 6, C: 6}, "AdversarialToken"),
    TokenDesign(REMOTE, 6, {C: 6}, "TestToken", ("Far Away", "FAR")),
)


@dataclass
class RigChain(DeployedChain):
    """One chain of the rig. `history` and `drafts` are the blocks that the test has committed there."""

    history: list[StoredBlock] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

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
            "recipient": universal_address(RECIPIENT),
            "deadline": self.evm.time + 600,
        }
        assert changes.keys() <= fields.keys()
        return tuple((fields | changes).values())

    def swap(self, value: int = 0, sender: str = DEPOSITOR, **changes: object) -> int:
        """Swap; gives the request's id."""
        return int(self.bridge.swap(self.order(**changes), sender=sender, value=value))

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
class Rig(ThreeChains[RigChain]):
    """The deployment, and the blocks of the test."""

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo on every chain what happens inside, also when it raises."""
        kept = [(here, list(here.history), list(here.drafts)) for here in self]
        with super().rollback():
            try:
                yield
            finally:
                for here, history, drafts in kept:
                    here.history, here.drafts = history, drafts

    def draft(
        self,
        slices: Mapping[ChainId, Sequence[int]] | None = None,
        on: ChainId = A,
        lane: Lane = Lane.SWAP,
        **changes: object,
    ) -> Draft:
        """The next block after the last committed one of a chain."""
        last = self[on].history[-1]
        draft = Draft(
            lane=lane,
            primary=PRIMARY,
            domain=self.domain(lane),
            number=last.number + 1,
            timestamp=self[on].evm.time,
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
        there = self[source]
        at = there.status()[2] if number is None else number
        self.deliver(SyncMessage(source, BlockNumber(at), there.history[at].sync_hash, kind), to)

    def deliver(self, message: SyncMessage, to: ChainId) -> None:
        """Hand over a message that the committee has signed."""
        self[to].bridge.receive_message(message_args(message), self.sign(message), sender=STRANGER)

    def accept_everywhere(self, *drafts: Draft) -> None:
        """Commit, prove and accept blocks on all chains, and let every chain know of every other."""
        for here in self:
            here.commit(*drafts)
            here.prove(*(d.number for d in drafts))
        for source in (PRIMARY, *(k for k in self.chains if k != PRIMARY)):
            for to in self.chains:
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


def build_rig(replacements: Replacements = ()) -> Rig:
    """Deploy, perhaps with a bug in it, and deposit what the provider gives."""
    base = deploy_three_chains(DESIGNS, ("AcceptAllVerifier", "StatementVerifier"), GENESIS_ROOT, SIZES, replacements)
    genesis = genesis_block(GENESIS_ROOT, base.deployment_hash)
    chains = {here.chain: RigChain(**vars(here), history=[genesis]) for here in base}
    for here in chains.values():
        for token in TOKENS:
            here.deposit(token, RESERVE, sender=PROVIDER)
    return Rig(chains, base.deployment, base.replacements, base.committee)
