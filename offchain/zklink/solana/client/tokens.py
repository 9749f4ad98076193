"""The tokens of a program as a node shows them, many at a time.

Takes a node, a program and ids; gives the accounts that stand at the tokens' addresses, whoever owns them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from zklink.protocol.ids import TokenId
from zklink.solana.client.node import FINALIZED, AccountData, SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.interface import addresses

AT_ONCE: Final = 100
"""Accounts that a node shows at a time."""


def read_tokens(node: SolanaNode, program: Program, ids: Sequence[int]) -> Mapping[TokenId, AccountData]:
    """What is finalized at each token's address, by id in the order given; nothing for an id that has no account. Each
    hundred is of one slot. Raises RpcUnavailable.
    """
    found = dict[TokenId, AccountData]()
    for start in range(0, len(ids), AT_ONCE):
        part = ids[start : start + AT_ONCE]
        keys = [str(program.derive(addresses.token_seeds(each))) for each in part]
        shown = node.accounts(keys, FINALIZED)[1]
        found |= {TokenId(each): held for each, held in zip(part, shown, strict=True) if held is not None}
    return found
