"""Three bridges with everything around them, in process: what the unit tests of the contracts play on.

Takes nothing, gives chains A (1), B (2, the primary) and C (5) with one deployment on them: coin, tokens, a committee
and actors. Each bridge holds what a provider has deposited there (RESERVE of every token), in open deposits. Blocks are
drafts (tests/support/draft.py). The verifiers of blocks believe everything, that of exits takes the hash of a statement
for its proof; what a proof binds is tested elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.support.committee import Committee
from tests.support.draft import PAYEE, Draft, message_args, stored_args
from tests.support.evm import EvmChain, EvmContract
from zklink.l1.artifacts import ContractArtifact, load_contract
from zklink.operations.payout import Payout
from zklink.primitives.keccak import keccak256
from zklink.protocol.chain import StoredBlock, genesis_block
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_lane_domain
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    AddressFormat,
    BlockNumber,
    ChainId,
    Kind,
    Lane,
    TokenId,
)
from zklink.protocol.messages import MessageKind, SyncMessage, compute_digest

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
Loader = Callable[[str], ContractArtifact]

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


@dataclass(frozen=True)
class Helpers:
    """What stands beside a bridge on its chain."""

    token_registry: EvmContract
    key_registry: EvmContract
    reader: EvmContract
    transport: EvmContract
    swap_verifier: EvmContract
    account_verifier: EvmContract
    exit_verifier: EvmContract

    def vk_hashes(self) -> tuple[bytes, bytes, bytes]:
        """Of the swap, account and exit circuits."""
        verifiers = (self.swap_verifier, self.account_verifier, self.exit_verifier)
        swap, account, exit_ = (verifier.vk_hash() for verifier in verifiers)
        return swap, account, exit_


@dataclass(frozen=True)
class Partners:
    """What is made for one bridge, before it."""

    sync_ledger: EvmContract
    exodus: EvmContract


def build_rig(
    verifier: str = "AcceptAllVerifier",
    make_chain: Callable[[int, int], EvmChain] = EvmChain,
    genesis_root: int = GENESIS_ROOT,
    token_limit: int = TOKEN_LIMIT,
    account_limit: int = ACCOUNT_LIMIT,
    reserve: int = RESERVE,
    load: Loader = load_contract,
) -> Rig:
    """Deploy, register the tokens, deposit `reserve` of each. `load` may give a bridge or partner with a bug in it."""
    committee = Committee()
    evms = {k: make_chain(evm_id, START_TIME) for k, evm_id in EVM_CHAIN_IDS.items()}
    for evm in evms.values():
        for account in ACTORS:
            evm.fund(account)
    helpers = {k: deploy_helpers(k, evm, committee, verifier, token_limit) for k, evm in evms.items()}
    table = make_table({k: predict_bridge(evm) for k, evm in evms.items()})
    deployment_hash = compute_deployment_hash(
        genesis_root, PRIMARY, token_limit, account_limit, *helpers[A].vk_hashes(), table
    )
    genesis = genesis_block(genesis_root, deployment_hash)
    nodes = {}
    for k, evm in evms.items():
        partners = deploy_partners(k, evm, helpers[k], deployment_hash, load=load)
        arguments = bridge_arguments(
            k,
            table,
            make_parts(helpers[k], partners),
            genesis_root=genesis_root,
            token_limit=token_limit,
            account_limit=account_limit,
        )
        bridge = evm.deploy(GOVERNOR, load("Bridge"), *arguments.values())
        nodes[k] = Node(k, evm, bridge, helpers[k], partners, {}, [genesis], [])
        _furnish(nodes[k])
        if reserve:
            for token in TOKENS:
                nodes[k].deposit(token, reserve, sender=PROVIDER)
    return Rig(nodes, committee, deployment_hash)


def make_table(bridges: Mapping[ChainId, str]) -> list[ChainEntry]:
    """The chain table for bridges at these addresses."""
    return [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal(address)) for k, address in bridges.items()]


def bridge_arguments(
    chain: ChainId, table: Sequence[ChainEntry], parts: tuple[str, ...], **changes: object
) -> dict[str, object]:
    """The constructor's arguments by name."""
    fields: dict[str, object] = {
        "chain_id": chain,
        "primary_chain": PRIMARY,
        "chains": [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in table],
        "parts": parts,
        "token_limit": TOKEN_LIMIT,
        "account_limit": ACCOUNT_LIMIT,
        "genesis_root": GENESIS_ROOT,
        "validators": [VALIDATOR],
    }
    assert changes.keys() <= fields.keys()
    return fields | changes


def deploy_helpers(
    chain: ChainId, evm: EvmChain, committee: Committee, verifier: str, token_limit: int = TOKEN_LIMIT
) -> Helpers:
    """Everything that knows no bridge; one verifier serves the blocks of both lanes."""
    keys = evm.deploy(GOVERNOR, load_contract("KeyRegistry"))
    believer = evm.deploy(GOVERNOR, load_contract(verifier))
    transport = load_contract("CommitteeTransport")
    return Helpers(
        token_registry=evm.deploy(GOVERNOR, load_contract("TokenRegistry"), chain, CHAIN_MASK, token_limit, GOVERNOR),
        key_registry=keys,
        reader=evm.deploy(GOVERNOR, load_contract("BlockReader"), keys.address),
        transport=evm.deploy(GOVERNOR, transport, committee.members, committee.THRESHOLD),
        swap_verifier=believer,
        account_verifier=believer,
        exit_verifier=evm.deploy(GOVERNOR, load_contract("StatementVerifier")),
    )


def predict_bridge(evm: EvmChain) -> str:
    """Where the bridge will stand whose partners are deployed next."""
    return evm.predict_address(GOVERNOR, ahead=2)


def deploy_partners(
    chain: ChainId,
    evm: EvmChain,
    helpers: Helpers,
    deployment_hash: bytes,
    primary: ChainId = PRIMARY,
    mask: int = CHAIN_MASK,
    load: Loader = load_contract,
) -> Partners:
    """The sync ledger and the exodus of the bridge that the same deployer makes next."""
    bridge = predict_bridge(evm)
    addresses = (helpers.transport.address, helpers.reader.address)
    ledger = evm.deploy(GOVERNOR, load("SyncLedger"), bridge, deployment_hash, chain, primary, mask, *addresses)
    exodus = evm.deploy(GOVERNOR, load("Exodus"), bridge, ledger.address, helpers.exit_verifier.address)
    return Partners(ledger, exodus)


def make_parts(helpers: Helpers, partners: Partners) -> tuple[str, ...]:
    """Parts, as the bridge's constructor takes them."""
    contracts = (
        helpers.token_registry,
        helpers.reader,
        partners.sync_ledger,
        partners.exodus,
        helpers.swap_verifier,
        helpers.account_verifier,
    )
    return tuple(contract.address for contract in contracts)


def _furnish(node: Node) -> None:
    usd = node.evm.deploy(GOVERNOR, load_contract("TestToken"), "US Dollar", "USD", USD_DECIMALS[node.chain])
    old = node.evm.deploy(GOVERNOR, load_contract("NoReturnToken"), 6)
    bad = node.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), 6)
    node.tokens.update({USD: usd, OLD: old, BAD: bad})
    for contract in node.tokens.values():
        for account in ACTORS:
            contract.mint(account, 10**36, sender=GOVERNOR)
            contract.approve(node.bridge.address, 2**256 - 1, sender=account)
    node.registry.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
    for token, contract in node.tokens.items():
        node.registry.register_token(token, config(token, contract.address), sender=GOVERNOR)
    if node.chain != C and int(node.registry.token_limit()) // 2 > REMOTE:
        node.registry.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)
