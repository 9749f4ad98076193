"""Whether the Solana side of a deployment is what its record says: takes the side as the record and the sources here
give it, and any node. Gives every check with its outcome. Only reads, all of it as it is finalized.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from solders.pubkey import Pubkey

from zklink.l1.deployment.checks import Check, check
from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.domain import compute_exit_domain, compute_lane_domain
from zklink.protocol.ids import Lane
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.client.loader import LOADER
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.deploying import loader
from zklink.solana.deploying.loading import Loading, hash_code
from zklink.solana.deploying.seeded import Seeded
from zklink.solana.deploying.side import GROUPS, ProgramSide, list_members
from zklink.solana.deploying.verify_accounts import (
    list_accounts,
    verify_accounts,
    verify_explained,
    verify_lock_accounts,
)
from zklink.solana.deploying.verify_books import read_bridge, verify_books
from zklink.solana.deploying.verify_fields import Now, find_price, verify_fields
from zklink.solana.deploying.verify_history import verify_history
from zklink.solana.deploying.verify_timelock import verify_timelock
from zklink.solana.deploying.verify_tokens import verify_tokens
from zklink.solana.interface import accounts


def verify_program(side: ProgramSide, node: SolanaNode, deployment_hash: bytes) -> Iterator[Check]:
    """Everything that a record says of a program. Raises RpcUnavailable."""
    name = side.place.name
    found = str(node.call("getGenesisHash"))
    yield check(name, "cluster", found, side.place.genesis)
    if found != side.place.genesis:
        return
    heirs = (side.heir, None)
    hashes = (side.terms.code_hash, side.terms.timelock_hash)
    histories = list[Check]()
    for loading, code_hash, heir in zip(side.loadings, hashes, heirs, strict=True):
        there, data = _read(node, loading.id, loading.data)
        loaded = loader.read_loaded(data)
        yield from _verify_code(name, loading, code_hash, heir, there, loaded)
        histories += verify_history(name, loading, loaded, side.terms.transactions.get(loading.name, ""), node)
    yield from histories
    yield check(name, "program: address of its bridge", side.place.bridge, str(side.program.bridge))
    yield from verify_timelock(side, node)
    yield from verify_lock_accounts(side, node)
    places = side.program.bridge, side.sol, side.swap_queue.key, side.account_queue.key, side.keys_account.key
    slot, [bridge, sol, swaps, requests, keys] = node.accounts(list(map(str, places)), FINALIZED)
    own = str(side.program.id)
    if bridge is None or bridge.owner != own or len(bridge.data) != accounts.BRIDGE.size:
        yield Check(name, "Bridge", False, f"{side.place.bridge} is no bridge of this program")
        return
    fields = accounts.BRIDGE.unpack(bridge.data)
    yield from _verify_bridge(side, fields, deployment_hash)
    yield from _verify_groups(side, fields)
    now = Now(node.block_time(slot), slot)
    yield from verify_fields(side, fields, now)
    yield from _verify_prices(side, fields, now)
    yield check(name, "sol: whose it is", sol.owner if sol else "nobody's", own)
    yield from _verify_keys(side, keys)
    rings = {Lane.SWAP: (side.swap_queue, swaps), Lane.ACCOUNT: (side.account_queue, requests)}
    for lane, (place, ring) in rings.items():
        yield from _verify_queue(side, fields, lane, place, ring)
    yield from verify_tokens(side, node, fields, sol)
    yield from _verify_all(side, node, is_first=histories[0].is_right)


def _verify_all(side: ProgramSide, node: SolanaNode, is_first: bool) -> Iterator[Check]:
    """Every account of the bridge's program as of one slot, and what they are together."""
    listed, slot, found = list_accounts("program", side, side.program.id, node)
    yield listed
    if not listed.is_right:
        return
    reading = read_bridge(found, side, slot)
    if reading is None:
        what = "program: the bridge and its queues among its accounts"
        yield Check(side.place.name, what, False, "one is missing, or of another size")
        return
    sorted_, census = verify_accounts(side, found, reading.fields, node.block_time(slot))
    yield sorted_
    yield verify_explained(side, census, reading.tip.number, is_first)
    yield from verify_books(side, census, reading)


def _verify_code(
    name: str,
    own: Loading,
    said: str,
    heir: Pubkey | None,
    there: AccountData | None,
    loaded: loader.Loaded | None,
) -> Iterator[Check]:
    """A program is what the sources here give, and only its heir may upgrade it."""
    what = own.name
    yield check(name, f"{what}: code hash in the record", said, hash_code(own.code))
    held = "nothing" if there is None else there.data[: loader.PROGRAM_BYTES].hex()
    yield check(name, f"{what}: what stands at its address", held, loader.encode_program(own.id).hex())
    yield check(name, f"{what}: whose program it is", there.owner if there else "nobody's", str(LOADER))
    yield check(name, f"{what}: whether it can be called", there is not None and there.is_executable, True)
    if loaded is None:
        yield Check(name, f"{what}: code", False, f"the loader has no code of {own.id}")
        return
    code, rest = loaded.code[: len(own.code)], loaded.code[len(own.code) :]
    is_same = code == own.code and not any(rest)
    detail = f"found SHA-256 {hash_code(loaded.code)}, the sources here give {hash_code(own.code)}"
    yield Check(name, f"{what}: code", is_same, "" if is_same else detail)
    yield check(name, f"{what}: who may upgrade it", _show(loaded.authority), _show(heir))


def _verify_bridge(side: ProgramSide, fields: dict[str, Any], deployment_hash: bytes) -> Iterator[Check]:
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
        "governor": bytes(side.lock.address),
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
    yield check(side.place.name, "Bridge: an announced change", BridgeReading(0, fields, {}).coming, None)


def _verify_prices(side: ProgramSide, fields: dict[str, Any], now: Now) -> Iterator[Check]:
    """A price between its bounds is the setter's, the one that counts now as the one that comes."""
    known = {entry.kind: entry for entry in side.terms.prices}
    for kind, price in enumerate(fields["next_prices"]):
        entry = known.get(kind)
        low, high = (entry.low, entry.high) if entry else (0, 0)
        present = find_price(fields, kind, now)
        said = f"{price:,} lamports, {present:,} now" if present != price else f"{price:,} lamports"
        what, detail = f"Bridge: price {kind}", f"{said}, and its bounds are {low:,} and {high:,}"
        yield Check(side.place.name, what, low <= min(price, present) and max(price, present) <= high, detail)


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
    queue_hash = bytes(reading.entry(lane, last)["hash"]) if last else reading.deployment_hash
    for request_id in range(last + 1, total + 1):
        queue_hash = next_queue_hash(queue_hash, reading.entry(lane, request_id)["words"])
    yield check(name, f"{what}: hash of its requests", queue_hash, reading.queue_hash(lane, total))


def show(value: Any) -> Any:
    """A field as people read it: 32 bytes as an address of Solana."""
    if isinstance(value, bytes):
        return encode_base58(value) if any(value) else "nothing"
    return [show(each) for each in value] if isinstance(value, list) else value


def _show(key: Pubkey | None) -> str:
    return "nobody" if key is None else str(key)


def _read(node: SolanaNode, *keys: Pubkey) -> Sequence[AccountData | None]:
    return node.accounts([str(key) for key in keys], FINALIZED)[1]
