"""Reads how a member whose bridge is a program stands: its bridge, rings, tokens and vaults in one slot, and who
governs and may upgrade it. Never sends anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.l1.transport.receipts import BlockInfo
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import BlockNumber, Lane, TokenId
from zklink.recovery.member_reading import LentRent, LockedCalls, MemberReading, TokenReading
from zklink.recovery.program_view import ProgramView, is_exodus, list_open, read_end_state, read_freeze_call
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.client.importing import parse_block
from zklink.solana.client.loader import find_program_data
from zklink.solana.client.node import AccountData, Level
from zklink.solana.client.paying import HOLDING_AMOUNT
from zklink.solana.client.program import SYSTEM
from zklink.solana.client.timelock import Timelock, TimelockReader
from zklink.solana.deploying.loader import read_program_data
from zklink.solana.interface import accounts, addresses
from zklink.solana.interface.timelock.accounts import WAITING

MOST_ACCOUNTS: Final = 100
"""Accounts that one question of a node can name."""
OWN_ACCOUNTS: Final = 1 + len(Lane)
"""The bridge and its rings."""
HASHES_KEPT: Final = 64


def read_member(view: ProgramView, tokens: list[TokenId], level: Level) -> MemberReading:
    """How it stands at a level, with these tokens. Raises RpcUnavailable."""
    node, program = view.node, view.program
    places = [str(program.derive(addresses.token_seeds(token))) for token in tokens]
    _, held = node.accounts(places, level) if places else (0, [])
    vaults = [encode_base58(_token_of(view, each)["vault"]) for each in held]
    own = [*places, *vaults]
    blocks = _list_blocks(view.bridge.read(level), MOST_ACCOUNTS - OWN_ACCOUNTS - len(own))
    slot, reading, found = view.bridge.read_beside([*own, *map(encode_base58, blocks.values())], level)
    fields = reading.fields
    kept = {
        token: _read_token(_token_of(view, found[at]), found[len(places) + at], fields)
        for at, token in enumerate(tokens)
    }
    founding, proposals = _read_lock(view, level)
    return MemberReading(
        head=BlockInfo(slot, ZERO_HASH, ZERO_HASH, node.block_time(slot)),
        tip=reading.tip,
        is_frozen=reading.is_frozen,
        is_exodus=is_exodus(reading),
        end=read_end_state(reading),
        blocks_per_day=fields["slots_per_day"],
        waiting={lane: list_open(reading, lane) for lane in Lane},
        called={lane: read_freeze_call(reading, lane) for lane in Lane},
        coming=reading.coming,
        tokens=kept,
        open_fees=sum(fields["open_fees"]),
        authority=_read_authority(view, level),
        lock=str(_lock_of(view).address) if view.place.timelock else "",
        is_founding=founding,
        proposals=proposals,
        lent=list(_find_lent(view, blocks, found[len(own) :])),
        queue_hashes={lane: _list_hashes(reading, lane) for lane in Lane},
    )


def _list_blocks(reading: BridgeReading, most: int) -> dict[BlockNumber, bytes]:
    """Where the newest blocks were imported from, as far as the bridge names it and one question has room."""
    tip = reading.tip.number
    numbers = (BlockNumber(number) for number in range(tip, max(0, tip - most), -1))
    return {number: place for number in numbers if (place := reading.block_place(number)) is not None}


def _find_lent(
    view: ProgramView, blocks: Mapping[BlockNumber, bytes], found: Sequence[AccountData | None]
) -> Iterator[LentRent]:
    for (number, place), account in zip(blocks.items(), found, strict=True):
        block = None if account is None else parse_block(view.program, Pubkey(place), account)
        if account is None or block is None or block.fields["number"] != number:
            continue  # closed, whatever its place is used for since
        known, stage = block.fields, block.fields["stage"]
        waiting = sum(not block.is_paid(index) for index in range(known["payouts"]))
        if stage != accounts.WRITING:
            is_executed = stage == accounts.EXECUTED
            yield LentRent(number, encode_base58(known["writer"]), account.lamports, is_executed, waiting)


def _list_hashes(reading: BridgeReading, lane: Lane) -> dict[int, bytes]:
    """A queue's hashes after its last requests."""
    total = reading.total(lane)
    return {count: reading.queue_hash(lane, count) for count in range(max(0, total - HASHES_KEPT), total + 1)}


def _token_of(view: ProgramView, found: AccountData | None) -> dict[str, Any]:
    is_token = found is not None and found.owner == view.place.program and len(found.data) == accounts.TOKEN.size
    if found is None or not is_token:
        raise RpcUnavailable(view.name, "getMultipleAccounts", 1, "a token of the deployment is not registered there")
    return accounts.TOKEN.unpack(found.data)


def _read_token(known: dict[str, Any], vault: AccountData | None, bridge: Any) -> TokenReading:
    is_coin = known["program"] == bytes(SYSTEM)
    balance = 0
    if vault is not None:
        balance = vault.lamports if is_coin else int.from_bytes(vault.data[HOLDING_AMOUNT], "little")
    fees = sum(bridge["open_fees"]) + bridge["earned_fees"] if is_coin else 0
    return TokenReading(balance, known["owed"] * known["scale"], known["custody"], known["scale"], fees)


def _read_authority(view: ProgramView, level: Level) -> str:
    """Who may upgrade the program, in base58; empty for nobody."""
    place = find_program_data(Pubkey(decode_base58(view.place.program, 32)))
    _, [found] = view.node.accounts([str(place)], level)
    loaded = None if found is None else read_program_data(found.data)
    if loaded is None:
        raise RpcUnavailable(view.name, "getMultipleAccounts", 1, "the loader has no such program")
    return "" if loaded.authority is None else str(loaded.authority)


def _lock_of(view: ProgramView) -> Timelock:
    return Timelock(decode_base58(view.place.timelock, 32))


def _read_lock(view: ProgramView, level: Level) -> tuple[bool, list[LockedCalls]]:
    """Whether the timelock is still being founded, and its proposals that wait."""
    if not view.place.timelock:
        return False, []
    reader = TimelockReader(view.node, _lock_of(view))
    waiting = [each for each in reader.read_proposals(level) if each.stage == WAITING]
    calls = [LockedCalls(each.number, each.proposed_at, each.proposed_in) for each in waiting]
    return reader.is_founding(level), calls
