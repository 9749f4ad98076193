"""Whether the Solana side of a deployment is what its record says: takes the side as the record and the sources here
give it, and any node. Gives every check with its outcome. Only reads, all of it as it is finalized.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from zklink.l1.deployment.checks import Check, check
from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.domain import compute_exit_domain, compute_lane_domain
from zklink.protocol.ids import Lane
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.deploying import loader
from zklink.solana.deploying.seeded import Seeded
from zklink.solana.deploying.side import GROUPS, ProgramSide, list_members
from zklink.solana.deploying.verify_tokens import verify_tokens
from zklink.solana.interface import accounts


@dataclass(frozen=True, slots=True)
class Holders:
    """Who should have the power: over the program's code (None is nobody), and over groups, tokens and prices."""

    authority: Pubkey | None
    governor: Pubkey


def holders_of(side: ProgramSide) -> Holders:
    """Who should have the power over a side, as its terms say."""
    return Holders(side.payer, side.payer)


def verify_program(side: ProgramSide, holders: Holders, node: SolanaNode, deployment_hash: bytes) -> Iterator[Check]:
    """Everything that a record says of a program. Raises RpcUnavailable."""
    name = side.place.name
    found = str(node.call("getGenesisHash"))
    yield check(name, "cluster", found, side.place.genesis)
    if found != side.place.genesis:
        return
    yield from _verify_code(side, holders, node)
    [bridge, sol, swaps, requests, keys] = _read(
        node, side.program.bridge, side.sol, side.swap_queue.key, side.account_queue.key, side.keys_account.key
    )
    own = str(side.program.id)
    if bridge is None or bridge.owner != own or len(bridge.data) != accounts.BRIDGE.size:
        yield Check(name, "Bridge", False, f"{side.place.bridge} is no bridge of this program")
        return
    fields = accounts.BRIDGE.unpack(bridge.data)
    yield from _verify_bridge(side, holders, fields, deployment_hash)
    yield from _verify_groups(side, fields)
    yield from _verify_prices(side, fields)
    yield check(name, "sol: whose it is", sol.owner if sol else "nobody's", own)
    yield from _verify_keys(side, keys)
    rings = {Lane.SWAP: (side.swap_queue, swaps), Lane.ACCOUNT: (side.account_queue, requests)}
    for lane, (place, ring) in rings.items():
        yield from _verify_queue(side, fields, lane, place, ring)
    yield from verify_tokens(side, node, fields, sol)


def _verify_code(side: ProgramSide, holders: Holders, node: SolanaNode) -> Iterator[Check]:
    name, program = side.place.name, side.program.id
    yield check(name, "program: address of its bridge", side.place.bridge, str(side.program.bridge))
    yield check(name, "program: code hash in the record", side.terms.code_hash, hash_code(side.code))
    there, data = _read(node, program, side.program_data)
    held = "nothing" if there is None else there.data[: loader.PROGRAM_BYTES].hex()
    yield check(name, "program: what stands at its address", held, loader.encode_program(program).hex())
    loaded = None if data is None else loader.read_program_data(data.data)
    if loaded is None:
        yield Check(name, "program: code", False, f"the loader has no code of {program}")
        return
    code, rest = loaded.code[: len(side.code)], loaded.code[len(side.code) :]
    is_same = code == side.code and not any(rest)
    detail = f"found SHA-256 {hash_code(loaded.code)}, the sources here give {hash_code(side.code)}"
    yield Check(name, "program: code", is_same, "" if is_same else detail)
    yield check(name, "program: who may upgrade it", _show(loaded.authority), _show(holders.authority))


def _verify_bridge(
    side: ProgramSide, holders: Holders, fields: dict[str, Any], deployment_hash: bytes
) -> Iterator[Check]:
    """What never changes once the bridge is made, but for the governor."""
    plan, name, table = side.plan, side.place.name, side.table
    by_chain = {int(entry.chain_id): entry for entry in table}
    bridges = [by_chain[k].bridge if k in by_chain else bytes(32) for k in range(len(fields["bridges"]))]
    expected: dict[str, Any] = {
        "tag": accounts.BRIDGE_TAG,
        "chain": side.chain,
        "primary": plan.primary,
        "chain_mask": sum(1 << k for k in by_chain),
        "formats": sum(int(entry.address_format) << 8 * k for k, entry in by_chain.items()),
        "token_limit": plan.preset.token_limit,
        "account_limit": plan.preset.account_limit,
        "bridges": bridges,
        "deployment_hash": deployment_hash,
        "swap_domain": compute_lane_domain(deployment_hash, Lane.SWAP),
        "account_domain": compute_lane_domain(deployment_hash, Lane.ACCOUNT),
        "exit_domain": compute_exit_domain(deployment_hash),
        "vk_hashes": list(map(keccak256, side.key_words)),
        "slots_per_day": side.terms.slots_per_day,
        "sol": bytes(side.sol),
        "swap_queue": bytes(side.swap_queue.key),
        "account_queue": bytes(side.account_queue.key),
        "keys": bytes(side.keys_account.key),
        "governor": bytes(holders.governor),
        "fee_recipient": bytes(Pubkey.from_string(side.terms.fee_recipient)),
    }
    for field, value in expected.items():
        yield check(name, f"Bridge: {field.replace('_', ' ')}", show(fields[field]), show(value))


def _verify_groups(side: ProgramSide, fields: dict[str, Any]) -> Iterator[Check]:
    for group in GROUPS:
        name, plan = group.name.lower(), side.group(group)
        count, threshold = (fields[f"group_{what}"][group - 1] for what in ("counts", "thresholds"))
        members = [f"0x{member.hex()}" for member in fields[name][:count]]
        expected = [f"0x{member.hex()}" for member in list_members(plan)]
        yield check(side.place.name, f"Bridge: {name}", members, expected)
        yield check(side.place.name, f"Bridge: how many {name} must sign", threshold, plan.threshold)


def _verify_prices(side: ProgramSide, fields: dict[str, Any]) -> Iterator[Check]:
    for kind in range(1, accounts.PRICE_KINDS):
        what = f"Bridge: price {kind} in lamports"
        yield check(side.place.name, what, fields["next_prices"][kind], side.terms.prices.get(kind, 0))


def _verify_keys(side: ProgramSide, found: AccountData | None) -> Iterator[Check]:
    name = side.place.name
    yield check(name, "keys: whose account it is", found.owner if found else "nobody's", str(side.program.id))
    held = b"" if found is None else found.data
    expected = accounts.KEYS_TAG.to_bytes(8, "little") + side.keys
    yield check(name, "keys: SHA-256", hash_code(held), hash_code(expected))


def _verify_queue(
    side: ProgramSide, fields: dict[str, Any], lane: Lane, place: Seeded, found: AccountData | None
) -> Iterator[Check]:
    """Whose it is, its form, and that the open requests give the hash that the bridge says."""
    name, what = side.place.name, f"{lane.name.lower()} queue"
    owner, size = (found.owner, len(found.data)) if found else ("nobody's", 0)
    yield check(name, f"{what}: whose account it is", owner, str(place.owner))
    yield check(name, f"{what}: bytes", size, place.size)
    if found is None or size != place.size:
        return
    head = accounts.QUEUE_HEAD.unpack(found.data[: accounts.QUEUE_HEAD.size])
    yield check(name, f"{what}: its head", head, {"tag": accounts.QUEUE_TAG, "lane": int(lane)})
    reading = BridgeReading(0, fields, {lane: found.data})
    last, total = fields["consumed"][lane - 1], reading.total(lane)
    queue_hash = reading.queue_hash(lane, last)
    for request_id in range(last + 1, total + 1):
        queue_hash = next_queue_hash(queue_hash, reading.entry(lane, request_id)["words"])
    yield check(name, f"{what}: hash of its requests", queue_hash, reading.queue_hash(lane, total))


def hash_code(code: bytes) -> str:
    """What identifies a program's bytes in records."""
    return hashlib.sha256(code).hexdigest()


def show(value: Any) -> Any:
    """A field as people read it: 32 bytes as an address of Solana."""
    if isinstance(value, bytes):
        return encode_base58(value) if any(value) else "nothing"
    return [show(each) for each in value] if isinstance(value, list) else value


def _show(key: Pubkey | None) -> str:
    return "nobody" if key is None else str(key)


def _read(node: SolanaNode, *keys: Pubkey) -> Sequence[AccountData | None]:
    return node.accounts([str(key) for key in keys], FINALIZED)[1]
