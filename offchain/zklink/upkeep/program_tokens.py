"""The tokens that the program of a Solana chain has, as a record takes them. Takes a program and a node. Only reads."""

from typing import Any, Final

from zklink.l1.deployment.places import ProgramDeployment
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.interface import accounts, addresses
from zklink.upkeep.recorded_tokens import HeldToken

AT_ONCE: Final = 100
"""Accounts that a node shows at a time."""


def read_tokens(place: ProgramDeployment, node: SolanaNode) -> dict[TokenId, HeldToken]:
    """All that are registered, as they are finalized. Raises RpcUnavailable."""
    program, found = Program(decode_base58(place.program, 32)), dict[TokenId, HeldToken]()
    bridge = SolanaBridge(node, bytes(program.id), decode_base58(place.bridge, 32)).read().fields
    ids = range(1, bridge["token_limit"] // 2)
    for at in range(0, len(ids), AT_ONCE):
        part = ids[at : at + AT_ONCE]
        _, held = node.accounts([str(program.derive(addresses.token_seeds(each))) for each in part], FINALIZED)
        for token_id, account in zip(part, held, strict=True):
            if account is not None and account.owner == place.program:
                found[TokenId(token_id)] = _read(place.chain_id, accounts.TOKEN.unpack(account.data))
    return found


def _read(chain: ChainId, known: dict[str, Any]) -> HeldToken:
    mask = known["chains"]
    chains = frozenset(ChainId(k) for k in range(mask.bit_length()) if mask >> k & 1)
    mint = encode_base58(known["mint"]) if chain in chains else ""
    return HeldToken(chains, mint, Amount(known["minimum"]), Amount(known["cap"]))
