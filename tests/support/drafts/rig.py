"""Three chains with everything around them, in process: what the unit tests of the contracts play on.

The deployment of tests/support/three_chains.py with a dollar, coin and tokens that behave badly. Each bridge holds what
a provider has deposited there (RESERVE of every token), in open deposits. Blocks are drafts: slices that a test writes
itself, in one line. The verifiers of blocks believe everything, that of exits takes the hash of a statement for its
proof; what a proof binds is tested elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.support.compile_vyper import Replacements
from tests.support.evm import GAS_LIMIT
from tests.support.lines import Line, Link
from tests.support.three_chains import (
    AS_COIN,
    BROKER,
    CHAIN_MASK,
    DEPOSITOR,
    MEMBERS,
    PROVIDER,
    RECIPIENT,
    SEQUENCER,
    STRANGER,
    USD,
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
from zklink.protocol.bridge_blocks import (
    AcceptAgainCall,
    AcceptCall,
    FullBlock,
    ImportCall,
    MismatchCall,
    build_block,
)
from zklink.protocol.ids import CUSTODY_LIMIT, NO_TOKEN, SLICE_COUNT, Amount, ChainId, Kind, Lane, RequestId, TokenId
from zklink.protocol.presets import MINIMAL, Preset

DATA = ChainId(0)
"""In place of a chain: the layer-2-only slice."""

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
    """One chain of the rig."""

    def order(self, **changes: object) -> tuple[object, ...]:
        """A swap of ten dollars here for coin on another chain."""
        fields: dict[str, object] = {
            "token_in": USD,
            "l1_amount": 10 * 10**6 * self.scale(USD),
            "destination": B if self.chain != B else A,
            "token_out": COIN,
            "via": NO_TOKEN,
            "min_out": 5,
            "operator_fee": 1_000,
            "fill_fee": 2,
            "recipient": universal_address(RECIPIENT),
            "refund_to": DEPOSITOR,
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
            e["native_fee_gwei"] << 208 | e["via"] << 192 | e["fill_fee"] << 80 | e["deadline"] << 40 | e["queued_at"],
            recipient % 2**248,
            int(e["refund_to"], 16),
        )

    def deposit_words(self) -> tuple[int, ...]:
        """The words of the deposit that the last call queued, from its event alone."""
        e = self.evm.event("DepositRequested")
        owner = int.from_bytes(e["owner"], "big")
        r0 = Kind.DEPOSIT << 240 | self.chain << 232 | e["request_id"] << 160 | e["token_id"] << 144 | e["amount"]
        r2 = e["native_fee_gwei"] << 72 | e["by_owner"] << 64 | (owner >> 248) << 48 | e["queued_at"]
        return (r0 | e["account"] << 112, owner % 2**248, r2, int(e["refund_to"], 16))

    def full_exit_words(self) -> tuple[int, ...]:
        """The words of the full exit that the last call queued, from its event alone."""
        e = self.evm.event("FullExitRequested")
        owner, second = (int.from_bytes(e[name], "big") for name in ("owner", "second"))
        r0 = Kind.FULL_EXIT << 240 | self.chain << 232 | e["request_id"] << 160 | e["token_id"] << 144
        r2 = (
            e["native_fee_gwei"] << 72 | e["mask"] << 56 | (owner >> 248) << 48 | (second >> 248) << 40 | e["queued_at"]
        )
        return (r0 | e["account"] << 112, owner % 2**248, r2, second % 2**248)

    def key_words(self) -> tuple[int, ...]:
        """The words of the key request that the last call queued, from its event alone."""
        e = self.evm.event("KeyRequested")
        owner, key = int.from_bytes(e["owner"], "big"), e["public_key_hash"]
        r0 = Kind.KEY_REQUEST << 240 | self.chain << 232 | e["request_id"] << 160 | e["account"] << 112
        r2 = e["native_fee_gwei"] << 72 | (owner >> 248) << 48 | (key >> 248) << 40 | e["queued_at"]
        return (r0, owner % 2**248, r2, key % 2**248)

    def full_exit(self, account: int, token: TokenId, sender: str = DEPOSITOR, value: int = 0) -> int:
        """A full exit that every chain may pay, to the sender's address there; gives the request's id."""
        arguments = (account, token, universal_address(sender), CHAIN_MASK >> 1)
        return int(self.bridge.full_exit(*arguments, sender=sender, value=value))

    def fill(
        self, payout: Payout | Sequence[int], broker: str = BROKER, value: int = 0, repay_to: str | None = None
    ) -> None:
        """A broker pays ahead; by default it is repaid itself. Raises Reverted."""
        words = payout.words() if isinstance(payout, Payout) else payout
        self.bridge.fill(words, repay_to or broker, sender=broker, value=value)

    # Blocks

    def accept(self, call: AcceptCall | AcceptAgainCall, sender: str = SEQUENCER, gas: int = GAS_LIMIT) -> None:
        """The primary takes blocks. Raises Reverted."""
        function = self.history.accept if isinstance(call, AcceptCall) else self.history.accept_again
        function(*call.abi(), sender=sender, gas=gas)

    def import_blocks(self, call: ImportCall, sender: str = STRANGER, gas: int = GAS_LIMIT) -> None:
        """A member imports blocks. Raises Reverted."""
        self.history.import_blocks(*call.abi(), sender=sender, gas=gas)

    def show_mismatch(self, call: MismatchCall, sender: str = STRANGER) -> None:
        """Somebody shows a member what it cannot match. Raises Reverted."""
        self.end.show_mismatch(*call.abi(), sender=sender)


@dataclass
class Rig(ThreeChains[RigChain]):
    """The deployment, and the line of blocks that the test has made."""

    blocks: Line = field(kw_only=True)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undo on every chain what happens inside, also when it raises."""
        kept = list(self.blocks.links)
        with super().rollback():
            try:
                yield
            finally:
                self.blocks.links = kept

    def draft(
        self,
        slices: Mapping[ChainId, Sequence[int]] | None = None,
        lane: Lane = Lane.SWAP,
        consents: tuple[bytes, ...] = (),
        **changes: int,
    ) -> FullBlock:
        """A block after the line's last one; `changes` are fields of Block."""
        words = tuple(tuple((slices or {}).get(ChainId(k), ())) for k in range(SLICE_COUNT))
        number, time = self.blocks.height + 1, self.primary.evm.time
        block = build_block(lane, time, tuple(map(len, words)), self.blocks.root() + 1, 1_000 + number)
        return FullBlock(replace(block, proof=tuple(range(8)), **changes), words, consents)  # type: ignore[arg-type]

    def extend(self, *drafts: FullBlock) -> tuple[Link, ...]:
        """The next blocks of the line; no chain has them yet."""
        return self.blocks.append(*drafts)

    def accept_call(self, *, pay: bool = True) -> AcceptCall:
        """`accept` of all blocks of the line that the primary does not have, with true evidence."""
        first = self.primary.tip().number + 1
        return self.blocks.accept_call(first, self.blocks.height, self.ask_queue, pay=pay)

    def import_call(self, chain: ChainId, *, by_end: bool = False, pay: bool = True) -> ImportCall:
        """`import_blocks` of all blocks of the line that a member does not have, with the ACC of the last."""
        first = self[chain].tip().number + 1
        return self.blocks.import_call(chain, first, self.blocks.height, by_end=by_end, pay=pay)

    def accept(self, *drafts: FullBlock, pay: bool = True) -> tuple[Link, ...]:
        """The next blocks of the line, and the primary takes all that it does not have. Raises Reverted."""
        links = self.extend(*drafts)
        self.primary.accept(self.accept_call(pay=pay))
        return links

    def import_on(self, *chains: ChainId, pay: bool = True) -> None:
        """Members import all that they do not have, by default all members. Raises Reverted."""
        for chain in chains or MEMBERS:
            self[chain].import_blocks(self.import_call(chain, pay=pay))

    def everywhere(self, *drafts: FullBlock, pay: bool = True) -> tuple[Link, ...]:
        """The primary takes the next blocks, and members import them. Raises Reverted."""
        links = self.accept(*drafts, pay=pay)
        self.import_on(pay=pay)
        return links

    def execute(
        self, chain: ChainId, number: int, count: int | None = None, paid: int = 0, gas: int = GAS_LIMIT
    ) -> None:
        """Pay `count` (by default all) of what a block still owes on a chain, of which `paid` are paid. Raises
        Reverted.
        """
        words = self.blocks[number].payouts(chain)[3 * paid :]
        due = len(words) // 3 if count is None else count
        self[chain].history.execute(number, list(words), due, sender=STRANGER, gas=gas)

    def pay(self, *payouts: Payout, lane: Lane = Lane.SWAP) -> Link:
        """A block with these payouts, on every chain, which all wait for `execute`."""
        slices: dict[ChainId, list[int]] = {}
        for payout in payouts:
            slices.setdefault(payout.chain, []).extend(payout.words())
        (link,) = self.everywhere(self.draft(slices, lane=lane), pay=False)
        return link


def payment(chain: ChainId, token: TokenId, amount: int, request_id: int = 1, **changes: object) -> Payout:
    """A payment on `chain` for a request of another chain."""
    plain = Payout(
        kind=Kind.SWAP_PAID,
        source=ChainId(5 if chain != 5 else 1),
        chain=chain,
        id=RequestId(request_id),
        token=token,
        amount=Amount(amount),
        recipient=universal_address(RECIPIENT),
        fill_fee=Amount(0),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def config(token_id: TokenId, address: str, /, **changes: object) -> tuple[object, ...]:
    """TokenConfig of a token that is on all three chains."""
    fields: dict[str, object] = {
        "chains": CHAIN_MASK,
        "token": address,
        "layer2_decimals": LAYER2_DECIMALS[token_id],
        "minimum": 100,
        "cap": CUSTODY_LIMIT,
        "token_class": 0,
    }
    return tuple((fields | changes).values())


def build_rig(replacements: Replacements = (), has_timelock: bool = False) -> Rig:
    """Deploy, perhaps with a bug in it or with timelocks, and deposit what the provider gives."""
    verifiers = "AcceptAllVerifier", "StatementVerifier"
    base = deploy_three_chains(DESIGNS, verifiers, GENESIS_ROOT, SIZES, replacements, has_timelock=has_timelock)
    chains = {here.chain: RigChain(**vars(here)) for here in base}
    for here in chains.values():
        for token in TOKENS:
            here.deposit(token, RESERVE, sender=PROVIDER)
    return Rig(chains, base.deployment, base.groups, base.replacements, blocks=base.line())
