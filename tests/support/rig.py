"""Three bridges with everything around them, in process: what the unit tests of the contracts play on.

Takes nothing, gives chains A (1), B (2, the primary) and C (5) with one deployment on them: coin, tokens, a committee
and actors. Blocks are drafts (tests/support/draft.py). The verifier believes everything; what a proof binds is tested
elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.support.committee import Committee
from tests.support.draft import PAYEE, Draft, message_args, stored_args
from tests.support.evm import EvmChain, EvmContract
from zklink.l1.artifacts import load_contract
from zklink.operations.swap import SwapPayout
from zklink.primitives.keccak import keccak256
from zklink.protocol.chain import (
    StoredBlock,
    genesis_block,
)
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_swap_domain
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    AddressFormat,
    Amount,
    BlockNumber,
    ChainId,
    RecordKind,
    TokenId,
)
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.state.genesis import compute_genesis_hash

A, B, C = ChainId(1), ChainId(2), ChainId(5)
PRIMARY = B
EVM_CHAIN_IDS = {A: 1, B: 137, C: 56}
START_TIME = 1_800_000_000
SLOTS, TOKEN_LIMIT = 64, 1024
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
"""Genesis reserve of every token on every chain, layer-2 units."""


def actor(role: str) -> str:
    """The account of a role."""
    return "0x" + keccak256(role.encode())[12:].hex()


GOVERNOR, VALIDATOR, STRANGER = actor("governor"), actor("validator"), actor("stranger")
DEPOSITOR, BROKER = actor("depositor"), actor("broker")
RECIPIENT = PAYEE
ACTORS = (GOVERNOR, VALIDATOR, STRANGER, DEPOSITOR, RECIPIENT, BROKER)


def universal(account: str) -> bytes:
    """An EVM account as 32 bytes."""
    return bytes(12) + bytes.fromhex(account[2:])


@dataclass
class Node:
    """One chain of the rig. `history` and `drafts` are the blocks that the test has committed there."""

    chain: ChainId
    evm: EvmChain
    bridge: EvmContract
    transport: EvmContract
    tokens: dict[TokenId, EvmContract]
    history: list[StoredBlock]
    drafts: list[Draft]

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

    def request_words(self) -> tuple[int, ...]:
        """The words of the request that the last call queued, from its event alone."""
        e = self.evm.event("SwapRequested")
        recipient = int.from_bytes(e["recipient"], "big")
        w0 = RecordKind.SWAP_REQUEST << 240 | self.chain << 232 | e["destination"] << 224 | e["request_id"] << 160
        return (
            w0 | e["token_in"] << 144 | e["token_out"] << 128 | e["amount"],
            e["min_out"] << 128 | e["operator_fee"] << 16 | (recipient >> 248) << 8,
            e["fill_fee"] << 80 | e["deadline"] << 40 | e["queued_at"],
            recipient % 2**248,
            int(e["sender"], 16),
        )

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
    domain: int

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

    def draft(self, slices: Mapping[ChainId, Sequence[int]] | None = None, on: ChainId = A, **changes: int) -> Draft:
        """The next block after the last committed one of a chain."""
        last = self.nodes[on].history[-1]
        draft = Draft(
            domain=self.domain,
            number=last.number + 1,
            timestamp=self.nodes[on].evm.time,
            old_root=last.root,
            new_root=last.root + 1,
            commitment=1_000 + last.number,
            slices={k: tuple(words) for k, words in (slices or {}).items()},
        )
        return replace(draft, **changes)  # type: ignore[arg-type]

    def announce(self, source: ChainId, to: ChainId, number: int | None = None) -> None:
        """Tell a chain what another one has accepted: its last accepted block, or an earlier one."""
        node = self.nodes[source]
        at = node.status()[2] if number is None else number
        self.deliver(SyncMessage(source, BlockNumber(at), node.history[at].sync_hash), to)

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

    def pay(self, *payouts: SwapPayout) -> Draft:
        """A block with these payouts, accepted everywhere and ready to be executed."""
        slices: dict[ChainId, list[int]] = {}
        for payout in payouts:
            slices.setdefault(payout.chain, []).extend(payout.words())
        draft = self.draft(slices)
        self.accept_everywhere(draft)
        return draft


def config(token_id: TokenId, address: str, /, **changes: object) -> tuple[object, ...]:
    """TokenConfig of a token that is on all three chains."""
    fields: dict[str, object] = {
        "chains": sum(1 << k for k in EVM_CHAIN_IDS),
        "token": address,
        "layer2_decimals": LAYER2_DECIMALS[token_id],
        "minimum": 100,
        "cap": CUSTODY_LIMIT,
    }
    return tuple((fields | changes).values())


def build_rig(
    verifier: str = "AcceptAllVerifier",
    make_chain: Callable[[int, int], EvmChain] = EvmChain,
    genesis_root: int = GENESIS_ROOT,
    slots: int = SLOTS,
    token_limit: int = TOKEN_LIMIT,
) -> Rig:
    """Deploy, register, open."""
    committee = Committee()
    evms = {k: make_chain(evm_id, START_TIME) for k, evm_id in EVM_CHAIN_IDS.items()}
    for evm in evms.values():
        for account in ACTORS:
            evm.fund(account)
    helpers = {k: _deploy_helpers(evm, committee, verifier) for k, evm in evms.items()}
    table = make_table({k: evm.predict_address(GOVERNOR) for k, evm in evms.items()})
    vk_hash = helpers[A][0].vk_hash()
    deployment_hash = compute_deployment_hash(genesis_root, PRIMARY, slots, token_limit, vk_hash, table)
    genesis = genesis_block(genesis_root, deployment_hash)
    nodes = {}
    for k, evm in evms.items():
        arguments = bridge_arguments(
            k, table, helpers[k], genesis_root=genesis_root, slots=slots, token_limit=token_limit
        )
        bridge = evm.deploy(GOVERNOR, load_contract("Bridge"), *arguments.values())
        nodes[k] = Node(k, evm, bridge, helpers[k][2], {}, [genesis], [])
        _furnish(nodes[k])
    return Rig(nodes, committee, deployment_hash, compute_swap_domain(deployment_hash))


def make_table(bridges: Mapping[ChainId, str]) -> list[ChainEntry]:
    """The chain table for bridges at these addresses."""
    return [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal(address)) for k, address in bridges.items()]


def bridge_arguments(
    chain: ChainId, table: Sequence[ChainEntry], helpers: Sequence[EvmContract], **changes: object
) -> dict[str, object]:
    """The constructor's arguments by name."""
    verifier, reader, transport = helpers
    fields: dict[str, object] = {
        "chain_id": chain,
        "primary_chain": PRIMARY,
        "chains": [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in table],
        "verifier": verifier.address,
        "reader": reader.address,
        "slots": SLOTS,
        "token_limit": TOKEN_LIMIT,
        "genesis_root": GENESIS_ROOT,
        "genesis_hash": compute_genesis_hash(reserves()),
        "transport": transport.address,
        "governor": GOVERNOR,
        "validators": [VALIDATOR],
    }
    assert changes.keys() <= fields.keys()
    return fields | changes


def reserves() -> list[tuple[TokenId, Amount]]:
    """What the governor pays in, on every chain."""
    return [(token, Amount(RESERVE)) for token in TOKENS]


def _deploy_helpers(evm: EvmChain, committee: Committee, verifier: str) -> tuple[EvmContract, EvmContract, EvmContract]:
    transport = load_contract("CommitteeTransport")
    return (
        evm.deploy(GOVERNOR, load_contract(verifier)),
        evm.deploy(GOVERNOR, load_contract("SwapBlockReader")),
        evm.deploy(GOVERNOR, transport, committee.members, committee.THRESHOLD),
    )


def _furnish(node: Node) -> None:
    usd = node.evm.deploy(GOVERNOR, load_contract("TestToken"), "US Dollar", "USD", USD_DECIMALS[node.chain])
    old = node.evm.deploy(GOVERNOR, load_contract("NoReturnToken"), 6)
    bad = node.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), 6)
    node.tokens.update({USD: usd, OLD: old, BAD: bad})
    for contract in node.tokens.values():
        for account in ACTORS:
            contract.mint(account, 10**36, sender=GOVERNOR)
            contract.approve(node.bridge.address, 2**256 - 1, sender=account)
    node.bridge.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
    for token, contract in node.tokens.items():
        node.bridge.register_token(token, config(token, contract.address), sender=GOVERNOR)
    if node.chain != C:
        node.bridge.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)
    node.bridge.open_bridge(reserves(), sender=GOVERNOR, value=RESERVE * node.scale(COIN))
