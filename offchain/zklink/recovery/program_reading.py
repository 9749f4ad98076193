"""Reads how a member whose bridge is a program stands: its bridge, rings, tokens and vaults in one slot, and who
governs and may upgrade it. Never sends anything.
"""

from typing import Any

from solders.pubkey import Pubkey

from zklink.l1.transport.receipts import BlockInfo
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import Lane, TokenId
from zklink.recovery.member_reading import LockedCalls, MemberReading, TokenReading
from zklink.recovery.program_view import ProgramView, is_exodus, list_open, read_end_state, read_freeze_call
from zklink.solana.client.loader import find_program_data
from zklink.solana.client.node import AccountData, Level
from zklink.solana.client.paying import HOLDING_AMOUNT
from zklink.solana.client.program import SYSTEM
from zklink.solana.client.timelock import Timelock, TimelockReader
from zklink.solana.deploying.loader import read_program_data
from zklink.solana.interface import accounts, addresses
from zklink.solana.interface.timelock.accounts import WAITING


def read_member(view: ProgramView, tokens: list[TokenId], level: Level) -> MemberReading:
    """How it stands at a level, with these tokens. Raises RpcUnavailable."""
    node, program = view.node, view.program
    places = [str(program.derive(addresses.token_seeds(token))) for token in tokens]
    _, held = node.accounts(places, level) if places else (0, [])
    vaults = [encode_base58(_token_of(view, each)["vault"]) for each in held]
    slot, reading, found = view.bridge.read_beside([*places, *vaults], level)
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
    )


def _token_of(view: ProgramView, found: AccountData | None) -> dict[str, Any]:
    if found is None or found.owner != view.place.program:
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
