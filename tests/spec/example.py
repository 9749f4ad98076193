"""Recomputes the worked example of docs/protocol.md from its inputs, by the page's own words.

Only the plain primitives are used here (reference Poseidon, Keccak over concatenated words, a tree built in full), none
of the protocol code that the test then holds against the same values.
"""

from collections.abc import Sequence
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


def state_root(tokens: dict[int, list[int]], pools: dict[tuple[int, int], list[int]], depth: int) -> int:
    """Section 3. A token row is eight reserves and the fees; a pool is its four numbers."""
    token_root = tree_root(
        depth, {t: poseidon_reference(row) for t, row in tokens.items()}, poseidon_reference([0] * 9)
    )
    indices = {lower * 4**depth + higher: poseidon_reference(pool) for (lower, higher), pool in pools.items()}
    return poseidon_reference([0, token_root, tree_root(2 * depth, indices, poseidon_reference([0] * 4))])


def request_words(request: dict[str, int]) -> Words:
    """Section 4, w0..w4."""
    recipient, sender = request["recipient"], request["sender"]
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
            (0, 8), (request["min_out"], 112), (request["operator_fee"], 112), (recipient >> 248, 8), (sender >> 248, 8)
        ),
        concat((0, 56), (request["fill_fee"], 112), (request["deadline"], 40), (request["queued_at"], 40)),
        recipient % 2**248,
        sender % 2**248,
    ]


def payout_words(request: dict[str, int], out: int | None) -> Words:
    """Section 4, p0..p2: paid `out`, or refunded."""
    paid = out is not None
    kind, chain = (2, request["destination"]) if paid else (3, request["source"])
    token, amount = (request["token_out"], out or 0) if paid else (request["token_in"], request["amount"])
    recipient = request["recipient"] if paid else request["sender"]
    identity = ((kind, 8), (request["source"], 8), (chain, 8), (request["request_id"], 64), (token, 16), (0, 32))
    fill_fee = request["fill_fee"] if paid else 0
    return [
        concat(*identity, (amount, 112)),
        recipient % 2**248,
        concat((0, 128), (recipient >> 248, 8), (fill_fee, 112)),
    ]


def apply(request: dict[str, int], tokens: dict[int, list[int]], pool: list[int], now: int) -> int | None:
    """Section 5.1 for two different tokens, X < Y; what is paid, None if refunded."""
    x_row, y_row = tokens[request["token_in"]], tokens[request["token_out"]]
    dx = request["amount"] - request["operator_fee"]
    g = dx * (D - pool[3])
    out = pool[1] * g // (pool[0] * D + g)
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


def compute_example(inputs: dict[str, Any]) -> dict[str, int]:
    """Every value of the page by name, from the inputs of the page."""
    values: dict[str, int] = {}

    def note(name: str, value: int | bytes) -> int:
        values[name] = int.from_bytes(value, "big") if isinstance(value, bytes) else value
        return values[name]

    depth, slots, now = inputs["token_depth"], inputs["slots"], inputs["timestamp"]
    tokens = {int(token): [int(n) for n in row] for token, row in inputs["tokens"].items()}
    (pair, pool_text), *_ = inputs["pools"].items()
    lower, higher = (int(token) for token in pair.split("-"))
    pool = [int(n) for n in pool_text]

    old_root = note("genesis_root", state_root(tokens, {(lower, higher): pool}, depth))
    for chain in inputs["chains"]:
        reserves = [(token, row[chain["chain_id"] - 1]) for token, row in sorted(tokens.items())]
        paid_in = [number for token, amount in reserves if amount for number in (token, amount)]
        note(f"genesis_hash[{chain['chain_id']}]", keccak(len(paid_in) // 2, *paid_in))

    chains_hash = bytes(32)
    for c in inputs["chains"]:
        bridge = int(c["bridge"], 16)
        chains_hash = keccak(chains_hash, c["chain_id"], c["evm_chain_id"], c["address_format"], bridge)
    note("chains_hash", chains_hash)
    tag = keccak256(b"zklink.deployment.1")
    limit, vk_hash = 4**depth, int(inputs["vk_hash"], 16)
    deployment_hash = keccak(tag, old_root, inputs["primary_chain"], slots, limit, vk_hash, chains_hash)
    note("deployment_hash", deployment_hash)
    domain = note("domain", keccak(keccak256(b"zklink.lane.swap.1"), deployment_hash)) >> 8
    values["domain"] = domain

    elements: Words = []
    slices: list[Words] = [[] for _ in range(9)]
    queue, payouts = dict.fromkeys(range(1, 9), deployment_hash), dict.fromkeys(range(1, 9), bytes(32))
    for slot, texts in enumerate(inputs["requests"]):
        request = {name: int(text, 0) for name, text in texts.items()}
        out = apply(request, tokens, pool, now)
        w, p = request_words(request), payout_words(request, out)
        for i, word in enumerate(w):
            note(f"slot[{slot}].w{i}", word)
        for i, word in enumerate(p):
            note(f"slot[{slot}].p{i}", word)
        if out is not None:
            note(f"slot[{slot}].fill_key", keccak(domain, *p))
        source, payer = request["source"], request["source"] if out is None else request["destination"]
        slices[source] += w
        slices[payer] += p
        queue[source] = keccak(queue[source], *w)
        payouts[payer] = keccak(payouts[payer], *p)
        elements += w + p
    elements += [0] * 8 * (slots - len(inputs["requests"]))

    new_root = state_root(tokens, {(lower, higher): pool}, depth)
    h2 = sum(len(words) << 16 * k for k, words in enumerate(slices))
    header = [domain, inputs["number"] << 40 | now, h2, old_root, new_root]
    for i, element in enumerate(header):
        note(f"h{i}", element)
    commitment, rest = 0, header + elements
    while rest:
        chunk, rest = rest[:15], rest[15:]
        commitment = poseidon_reference([commitment, *chunk, *[0] * (15 - len(chunk))])
    note("C", commitment)
    hashes = [keccak(len(words), *words) for words in slices]
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
    y = note("y", sum(pow(lambda_, k, R) * v for k, v in enumerate(evaluations)) % R)
    inputs_hash = keccak(commitment, z, lambda_, y)
    note("inputs_hash", inputs_hash)
    sync_hash = keccak(deployment_hash, block_commitment)
    note("sync_hash", sync_hash)
    for c in inputs["chains"]:
        k = c["chain_id"]
        note(f"queue_hash[{k}]", queue[k])
        note(f"payouts_hash[{k}]", payouts[k])
        consumed = sum(int(request["source"]) == k for request in inputs["requests"])
        stored = keccak(inputs["number"], now, h2, new_root, consumed, payouts[k], inputs_hash, sync_hash)
        note(f"stored_block[{k}]", stored)
    message_type = b"SyncMessage(uint8 kind,uint8 sourceChain,uint64 number,bytes32 syncHash)"
    domain_type = keccak256(b"EIP712Domain(string name,string version,bytes32 salt)")
    separator = keccak(domain_type, keccak256(b"zkLink sync"), keccak256(b"1"), deployment_hash)
    message = keccak(keccak256(message_type), 1, inputs["primary_chain"], inputs["number"], sync_hash)
    note("acc_digest", keccak256(b"\x19\x01" + separator + message))
    return values
