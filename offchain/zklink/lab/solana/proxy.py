"""A node of a cluster that misbehaves, before a Solana chain of the laboratory.

Takes JSON-RPC requests and faults; gives what such a node gives. What goes wrong with any node is `rpc_proxy`'s; here
is what is said otherwise on Solana.
"""

import base64
from collections.abc import Callable
from typing import Any, Final

from web3.types import RPCResponse

from zklink.lab.rpc_proxy import FaultyRpc
from zklink.lab.solana.base58 import encode_base58

Answer = Callable[..., dict[str, Any]]
"""Answers a method with parameters, and as of so many slots behind."""

SIGNATURE_BYTES: Final = 64


class SolanaProxy(FaultyRpc):
    """A misbehaving node; `wait` lets time pass while it hangs."""

    def __init__(self, answer: Answer, wait: Callable[[float], None] = lambda seconds: None) -> None:
        super().__init__(wait)
        self._answer = answer

    def serve(self, method: str, params: Any) -> RPCResponse:
        """The answer without a fault."""
        found: Any = self._answer(method, list(params or ()))
        return found  # type: ignore[no-any-return]

    def _serve_stale(self, behind: int, method: str, params: Any) -> RPCResponse:
        found: Any = self._answer(method, list(params or ()), behind)
        return found  # type: ignore[no-any-return]

    def _serve_elsewhere(self, evm_chain_id: int, method: str, params: Any) -> RPCResponse:
        if method == "getGenesisHash":
            return {"jsonrpc": "2.0", "id": 1, "result": encode_base58(evm_chain_id.to_bytes(32, "big"))}
        return self.serve(method, params)

    def _name_sent(self, params: Any) -> str:
        # One byte says how many signatures there are; the first names the transaction.
        return encode_base58(base64.b64decode(params[0])[1 : 1 + SIGNATURE_BYTES])
