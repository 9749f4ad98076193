"""Reads accepted blocks back out of the calls by which the primary took them; recovery starts from them.

Takes a transaction's input; gives the blocks with all their words. The primary takes blocks only from a plain
transaction, so that they stand in its input. Never decides whether the chain took them: they count only when they give
the sync hash that the chain's event names.
"""

from functools import lru_cache
from typing import Final

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.histories import PRIMARY_HISTORY, PrimaryHistoryClient
from zklink.l1.published.abi_reader import SELECTOR_BYTES, Calldata, Function, Limits
from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall
from zklink.protocol.errors import CalldataUnreadable, CallRefused, ProtocolError
from zklink.protocol.ids import ChainId
from zklink.protocol.limits import (
    MAX_BLOCKS,
    MAX_CONSENTS_BYTES,
    MAX_EVIDENCE_BYTES,
    MAX_LATER,
    MAX_QUEUES,
    MAX_WORDS_BYTES,
)

LIMITS: Final[Limits] = {
    "blocks": (MAX_BLOCKS,),
    "consents": (MAX_CONSENTS_BYTES,),
    "queues": (MAX_QUEUES,),
    "later": (MAX_LATER,),
    "seal": (MAX_EVIDENCE_BYTES,),
    "validators": (MAX_EVIDENCE_BYTES,),
    "watchers": (MAX_EVIDENCE_BYTES,),
    "words": (MAX_WORDS_BYTES,),
}
"""The lengths that contracts/interfaces/IPrimaryHistory.vyi declares."""


@lru_cache(maxsize=2)
def accept_function(name: str) -> Function:
    """`accept` or `accept_again` as the primary's history reads it."""
    return Function.of(load_contract(PRIMARY_HISTORY).abi, name, LIMITS)


def decode_accept_call(data: bytes, primary: ChainId, since: int = 0) -> AcceptCall | AcceptAgainCall:
    """The blocks of an input from number `since` on, in the form of its call: what stands before them in a call the
    primary has skipped unread. Raises CallRefused, or another ProtocolError, if it is no call that the primary takes.
    """
    selector = data[:SELECTOR_BYTES]
    try:
        if selector == accept_function("accept").selector:
            return AcceptCall.from_abi(accept_function("accept").read(Calldata(data)), primary, since)
        if selector == accept_function("accept_again").selector:
            return AcceptAgainCall.from_abi(accept_function("accept_again").read(Calldata(data)), primary, since)
    except ValueError as error:
        raise CallRefused("a lane", 0, 0) from error
    raise CallRefused("the selector", int.from_bytes(selector, "big"), 0)


def read_accept_call(history: PrimaryHistoryClient, tx_hash: bytes, since: int = 0) -> AcceptCall | AcceptAgainCall:
    """The blocks that a transaction brought, from number `since` on, the first one that the chain's event names. Raises
    CalldataUnreadable, RpcUnavailable.
    """
    client = history.client
    data = client.find_input(tx_hash)
    if data is None:
        raise CalldataUnreadable(client.profile.name, tx_hash, "the node does not have the transaction")
    try:
        return decode_accept_call(data, client.profile.chain_id, since)
    except ProtocolError as error:
        raise CalldataUnreadable(client.profile.name, tx_hash, str(error)) from error
