"""Recomputes the worked example (docs/protocol-example.md) from its inputs, by the protocol page's own words.

Only the plain primitives are used here (reference Poseidon, Keccak over concatenated words, trees built in full), none
of the protocol code that the test then holds against the same values. `example_account` does the second block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zklink.primitives.field import R
from zklink.primitives.keccak import keccak256
from zklink.primitives.poseidon import poseidon_reference

Words = list[int]

D = 10_000


def to_bytes(*items: int | bytes) -> bytes:
    """abi(...) of a static tuple."""
    return b"".join(item if isinstance(item, bytes) else item.to_bytes(32, "big") for item in items)


def keccak(*items: int | bytes) -> bytes:
    """keccak256(abi(...))."""
    return keccak256(to_bytes(*items))


def concat(*fields: tuple[int, int]) -> int:
    """A word: (value, bits), most significant first."""
    word = 0
    for value, bits in fields:
        assert 0 <= value < 1 << bits
        word = word << bits | value
    assert sum(bits for _, bits in fields) == 248
    return word


def tree_root(depth: int, leaves: dict[int, int], empty: int) -> int:
    """The root of a quaternary tree, level by level; equal nodes are hashed once."""
    known: dict[tuple[int, ...], int] = {}
    nodes = [leaves.get(index, empty) for index in range(4**depth)]
    while len(nodes) > 1:
        groups = [tuple(nodes[i : i + 4]) for i in range(0, len(nodes), 4)]
        for group in groups:
            if group not in known:
                known[group] = poseidon_reference(group)
        nodes = [known[group] for group in groups]
    return nodes[0]


@dataclass
class PlainAccount:
    """Section 3; it has no orders here."""

    owner: int = 0
    nonce: int = 0
    key: int = 0
    known: int = 0
    balances: dict[int, int] = field(default_factory=dict)

    def move(self, token: int, delta: int) -> None:
        """Change a balance."""
        self.balances[token] = self.balances.get(token, 0) + delta
        assert self.balances[token] >= 0


@dataclass
class PlainState:
    """Section 3. A token row is eight reserves and the fees; a pool its five numbers, by its ascending tokens."""

    depths: dict[str, int]
    tokens: dict[int, list[int]]
    pools: dict[tuple[int, int], list[int]]
    accounts: dict[int, PlainAccount]

    @classmethod
    def read(cls, inputs: dict[str, Any]) -> "PlainState":
        """The state of the page's inputs."""
        return cls(
            {name: inputs[name] for name in ("token_depth", "account_depth", "order_depth")},
            {int(token): [int(n) for n in row] for token, row in inputs["tokens"].items()},
            {
                (int(pair.split("-")[0]), int(pair.split("-")[1])): [int(n) for n in row]
                for pair, row in inputs["pools"].items()
            },
            {
                int(account): PlainAccount(
                    int(entry["owner"], 16),
                    int(entry["nonce"]),
                    int(entry["public_key_hash"], 16),
                    balances={int(token): int(amount) for token, amount in entry["balances"].items()},
                )
                for account, entry in inputs["accounts"].items()
            },
        )

    def account_leaf(self, account: PlainAccount) -> int:
        """H_5(owner_lo, known 8 | owner_hi 8 | nonce 32, public_key_hash, balance_root, order_root)."""
        balance_root = tree_root(self.depths["token_depth"], account.balances, 0)
        order_root = tree_root(self.depths["order_depth"], {}, 0)
        second = concat((0, 200), (account.known, 8), (account.owner >> 248, 8), (account.nonce, 32))
        return poseidon_reference([account.owner % 2**248, second, account.key, balance_root, order_root])

    def root(self) -> int:
        """H_3(account_root, token_root, pool_root)."""
        depth = self.depths["token_depth"]
        accounts = {account: self.account_leaf(entry) for account, entry in self.accounts.items()}
        account_root = tree_root(self.depths["account_depth"], accounts, self.account_leaf(PlainAccount()))
        rows = {token: poseidon_reference(row) for token, row in self.tokens.items()}
        token_root = tree_root(depth, rows, poseidon_reference([0] * 9))
        pools = {a * 4**depth + b: poseidon_reference(pool) for (a, b), pool in self.pools.items()}
        pool_root = tree_root(2 * depth, pools, poseidon_reference([0] * 5))
        return poseidon_reference([account_root, token_root, pool_root])


@dataclass
class Sheet:
    """The values of the page by name, and what the chains keep from block to block."""

    inputs: dict[str, Any]
    values: dict[str, int] = field(default_factory=dict)
    deployment_hash: bytes = b""
    sync_hash: bytes = b""
    account_queues: dict[int, bytes] = field(default_factory=dict)

    def note(self, name: str, value: int | bytes) -> int:
        """Write a value down."""
        self.values[name] = int.from_bytes(value, "big") if isinstance(value, bytes) else value
        return self.values[name]


def identify(sheet: Sheet, genesis_root: int) -> None:
    """Section 9: deployment hash and domains."""
    inputs = sheet.inputs
    chains_hash = bytes(32)
    for c in inputs["chains"]:
        bridge = int(c["bridge"], 16)
        chains_hash = keccak(chains_hash, c["chain_id"], c["evm_chain_id"], c["address_format"], bridge)
    sheet.note("chains_hash", chains_hash)
    vk_hashes = [int(inputs[name], 16) for name in ("swap_vk_hash", "account_vk_hash", "exit_vk_hash")]
    limits = 4 ** inputs["token_depth"], 4 ** inputs["account_depth"]
    tag = keccak256(b"zklink.deployment.2")
    sheet.deployment_hash = keccak(tag, genesis_root, inputs["primary_chain"], *limits, *vk_hashes, chains_hash)
    sheet.sync_hash = sheet.deployment_hash
    sheet.note("deployment_hash", sheet.deployment_hash)
    for name, text in (
        ("swap_domain", b"zklink.lane.swap.1"),
        ("account_domain", b"zklink.lane.account.1"),
        ("exit_domain", b"zklink.exit.1"),
    ):
        digest = keccak(keccak256(text), sheet.deployment_hash)
        sheet.note(name, int.from_bytes(digest, "big") >> 8)


def request_words(request: dict[str, int]) -> Words:
    """Section 4, w0..w4."""
    recipient, refund_to = request["recipient"], request["refund_to"]
    return [
        concat(
            (1, 8),
            (request["source"], 8),
            (request["destination"], 8),
            (request["request_id"], 64),
            (request["token_in"], 16),
            (request["token_out"], 16),
            (0, 16),
            (request["amount"], 112),
        ),
        concat(
            (0, 8),
            (request["min_out"], 112),
            (request["operator_fee"], 112),
            (recipient >> 248, 8),
            (refund_to >> 248, 8),
        ),
        concat(
            (request["native_fee_gwei"], 40),
            (request["via"], 16),
            (request["fill_fee"], 112),
            (request["deadline"], 40),
            (request["queued_at"], 40),
        ),
        recipient % 2**248,
        refund_to % 2**248,
    ]


def payout_words(request: dict[str, int], out: int | None) -> Words:
    """Section 4, p0..p2: paid `out`, or refunded."""
    paid = out is not None
    kind, chain = (2, request["destination"]) if paid else (3, request["source"])
    token, amount = (request["token_out"], out or 0) if paid else (request["token_in"], request["amount"])
    recipient = request["recipient"] if paid else request["refund_to"]
    identity = ((kind, 8), (request["source"], 8), (chain, 8), (request["request_id"], 64), (token, 16), (0, 32))
    fill_fee = request["fill_fee"] if paid else 0
    return [
        concat(*identity, (amount, 112)),
        recipient % 2**248,
        concat((0, 128), (recipient >> 248, 8), (fill_fee, 112)),
    ]


def compute_out(pool: list[int], dx: int) -> int:
    """Section 5.1, from the lower token to the higher one."""
    g = dx * (D - pool[3])
    return pool[1] * g // (pool[0] * D + g)


def apply(request: dict[str, int], state: PlainState, now: int) -> int | None:
    """Section 5.1 for two different tokens, X < Y; what is paid, None if refunded."""
    x_row, y_row = state.tokens[request["token_in"]], state.tokens[request["token_out"]]
    pool = state.pools[request["token_in"], request["token_out"]]
    dx = request["amount"] - request["operator_fee"]
    out = compute_out(pool, dx)
    destination = request["destination"] - 1
    enough = out > 0 and out >= request["min_out"] + request["fill_fee"] and y_row[destination] >= out
    if now > request["deadline"] or not enough:
        return None
    x_row[request["source"] - 1] += request["amount"]
    x_row[8] += request["operator_fee"]
    y_row[destination] -= out
    pool[0] += dx
    pool[1] -= out
    return out


def evaluate(words: Sequence[int], z: int) -> int:
    """V(z), term by term."""
    return sum(word * pow(z, len(words) - 1 - i, R) for i, word in enumerate(words)) % R


def hash_slice(words: Words) -> bytes:
    """Section 7: the count, then pieces of 32 words, then at most one each of 16, 8, 4, 2 and 1."""
    digest, rest = keccak(len(words)), list(words)
    for size in (32, 16, 8, 4, 2, 1):
        while len(rest) >= size:
            digest, rest = keccak(digest, *rest[:size]), rest[size:]
    return digest


def hash_owed(words: Words) -> bytes:
    """Section 8: payout by payout."""
    digest = bytes(32)
    for i in range(0, len(words), 3):
        digest = keccak(digest, *words[i : i + 3])
    return digest


def seal(sheet: Sheet, header: Words, elements: Words, slices: list[Words]) -> None:
    """Section 7, for either lane."""
    note = sheet.note
    for i, element in enumerate(header):
        note(f"h{i}", element)
    commitment, rest = 0, header + elements
    while rest:
        chunk, rest = rest[:15], rest[15:]
        commitment = poseidon_reference([commitment, *chunk, *[0] * (15 - len(chunk))])
    note("C", commitment)
    hashes = [hash_slice(words) for words in slices]
    for k, digest in enumerate(hashes):
        note(f"slice_hash[{k}]", digest)
    block_hash = keccak(*header, commitment, *hashes)
    note("block_hash", block_hash)
    z = note("z", int.from_bytes(block_hash, "big") % R)
    evaluations = [note("V_header", evaluate(header, z))]
    evaluations += [note(f"V[{k}]", evaluate(words, z)) for k, words in enumerate(slices)]
    block_commitment = keccak(block_hash, *evaluations)
    note("block_commitment", block_commitment)
    lambda_ = note("lambda", int.from_bytes(block_commitment, "big") % R)
    note("y", sum(pow(lambda_, k, R) * v for k, v in enumerate(evaluations)) % R)
    sheet.sync_hash = keccak(sheet.sync_hash, block_commitment)
    note("sync_hash", sheet.sync_hash)


def sign(deployment_hash: bytes, struct: bytes) -> bytes:
    """Section 8: what a group signs."""
    domain_type = keccak256(b"EIP712Domain(string name,string version,bytes32 salt)")
    separator = keccak(domain_type, keccak256(b"zkLink sync"), keccak256(b"2"), deployment_hash)
    return keccak256(b"\x19\x01" + separator + struct)


def compute_example(inputs: dict[str, Any]) -> tuple[Sheet, PlainState]:
    """Every value of the first block by name, from the inputs of the page, and the state after it."""
    sheet, state, now = Sheet(inputs), PlainState.read(inputs), inputs["timestamp"]
    old_root = sheet.note("genesis_root", state.root())
    identify(sheet, old_root)
    elements: Words = []
    slices: list[Words] = [[] for _ in range(9)]
    queue = dict.fromkeys(range(1, 9), sheet.deployment_hash)
    counts, owed = dict.fromkeys(range(1, 9), 0), dict.fromkeys(range(1, 9), bytes(32))
    for slot, texts in enumerate(inputs["requests"]):
        request = {name: int(text, 0) for name, text in texts.items()}
        out = apply(request, state, now)
        w, p = request_words(request), payout_words(request, out)
        for i, word in enumerate(w):
            sheet.note(f"slot[{slot}].w{i}", word)
        for i, word in enumerate(p):
            sheet.note(f"slot[{slot}].p{i}", word)
        if out is not None:
            sheet.note(f"slot[{slot}].fill_key", keccak(sheet.deployment_hash, *p))
        source, payer = request["source"], request["source"] if out is None else request["destination"]
        slices[source] += w
        slices[payer] += p
        queue[source] = keccak(queue[source], *w)
        owed[payer] = keccak(owed[payer], *p)
        counts[source] += 1
        elements += w + p
    elements += [0] * 8 * (inputs["slots"] - len(inputs["requests"]))

    h2 = sum(len(words) << 16 * k for k, words in enumerate(slices))
    header = [sheet.values["swap_domain"], inputs["number"] << 40 | now, h2, old_root, state.root()]
    seal(sheet, header, elements, slices)
    for c in inputs["chains"]:
        k = c["chain_id"]
        sheet.note(f"queue_hash[{k}]", queue[k])
        sheet.note(f"owed_hash[{k}]", owed[k])
    for name, kind in (("seal_digest", b"Seal"), ("acc_digest", b"Accepted")):
        struct = keccak(keccak256(kind + b"(uint64 number,bytes32 syncHash)"), inputs["number"], sheet.sync_hash)
        sheet.note(name, sign(sheet.deployment_hash, struct))
    entry_type = b"Queue(uint8 chain,uint8 lane,uint64 count,bytes32 hash)"
    member = next(c["chain_id"] for c in inputs["chains"] if c["chain_id"] != inputs["primary_chain"])
    entry = keccak(keccak256(entry_type), member, 1, counts[member], queue[member])
    struct = keccak(keccak256(b"Queues(Queue[] queues)" + entry_type), keccak256(entry))
    sheet.note("que_digest", sign(sheet.deployment_hash, struct))
    return sheet, state
