"""What government has changed of a Solana chain's program, as a record takes it. Takes a program's place and a node.
Only reads, all of it as it is finalized.
"""

from typing import Any

from solders.pubkey import Pubkey

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import GroupPlan
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.facts import Group
from zklink.protocol.ids import Amount, ChainId
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.loader import find_program_data
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.timelock import Timelock, TimelockReader
from zklink.solana.client.tokens import read_tokens
from zklink.solana.deploying.loader import read_loaded
from zklink.solana.interface import accounts
from zklink.upkeep.recorded_programs import ProgramState
from zklink.upkeep.recorded_tokens import HeldToken


def read_state(place: ProgramDeployment, node: SolanaNode) -> ProgramState:
    """Raises RpcUnavailable, also where there is no bridge or no timelock."""
    program, lock = Program(decode_base58(place.program, 32)), Timelock(decode_base58(place.timelock, 32))
    bridge = SolanaBridge(node, bytes(program.id), decode_base58(place.bridge, 32)).read()
    known = TimelockReader(node, lock).read()
    groups = {group: bridge.members(group) for group in Group}
    bounds = {
        kind: PriceEntry(kind, price, low, high)
        for kind, (price, low, high) in enumerate(
            zip(bridge.fields["next_prices"], known["lows"], known["highs"], strict=True)
        )
        if low or high
    }
    shown = read_tokens(node, program, range(1, bridge.fields["token_limit"] // 2))
    held = {each: accounts.TOKEN.unpack(own.data) for each, own in shown.items() if own.owner == place.program}
    return ProgramState(
        owner=encode_base58(known["owner"]),
        coming_owner=encode_base58(known["coming_owner"]) if any(known["coming_owner"]) else "",
        groups={group: GroupPlan(found.members, found.threshold) for group, found in groups.items()},
        setter=encode_base58(known["setter"]),
        bounds=bounds,
        tokens={token: _hold(place.chain_id, fields) for token, fields in held.items()},
        paused=tuple(token for token, fields in held.items() if fields["is_paused"]),
        is_final=_is_final(program.id, node),
    )


def _hold(chain: ChainId, known: dict[str, Any]) -> HeldToken:
    mask = known["chains"]
    chains = frozenset(ChainId(k) for k in range(mask.bit_length()) if mask >> k & 1)
    mint = encode_base58(known["mint"]) if chain in chains else ""
    return HeldToken(chains, mint, Amount(known["minimum"]), Amount(known["cap"]))


def _is_final(program: Pubkey, node: SolanaNode) -> bool:
    [found] = node.accounts([str(find_program_data(program))], FINALIZED)[1]
    loaded = read_loaded(found)
    return loaded is not None and loaded.authority is None
