"""What a verifier says of its own key."""

from typing import Any, Final

from eth_utils.crypto import keccak

from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import CallReverted

IS_DEVELOPMENT: Final = "is_development"


def has_development_key(client: ChainClient, address: str, code: bytes | None = None) -> bool:
    """Whether anybody can forge proofs for a verifier: it says so, or says nothing that means no. With `code` the chain
    is asked as if that stood at the address. Raises RpcUnavailable.
    """
    transaction: Any = {"to": address, "data": f"0x{keccak(text=f'{IS_DEVELOPMENT}()')[:4].hex()}"}
    override: Any = None if code is None else {address: {"code": f"0x{code.hex()}"}}
    try:
        answer = client.ask(IS_DEVELOPMENT, lambda: bytes(client.w3.eth.call(transaction, "latest", override)))
    except CallReverted:
        return True
    return answer != bytes(32)
