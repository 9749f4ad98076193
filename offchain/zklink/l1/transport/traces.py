"""Finds the calls that contracts make inside a transaction, for data that stands in no transaction's input.

Takes a transaction and a contract's address; gives the inputs of calls to the contract. Never proves anything: the
caller compares the inputs with hashes that the chain keeps.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from hexbytes import HexBytes
from web3.exceptions import Web3RPCError
from web3.types import RPCEndpoint

from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import RpcRefused, RpcUnavailable, TraceUnavailable

METHOD: Final = RPCEndpoint("debug_traceTransaction")
OPTIONS: Final = {"tracer": "callTracer"}


class Tracer(Protocol):
    """Port: shows the calls inside a transaction."""

    def inputs_to(self, tx_hash: bytes, address: str) -> list[bytes]:
        """The inputs of all calls to an address in a transaction, in no order. Raises TraceUnavailable,
        RpcUnavailable.
        """
        ...


class NodeTracer:
    """A node's own traces: many nodes refuse them, or have them only of recent blocks."""

    def __init__(self, client: ChainClient) -> None:
        self._client = client

    def inputs_to(self, tx_hash: bytes, address: str) -> list[bytes]:
        """As the port says, by `debug_traceTransaction` with the callTracer."""
        client = self._client
        arguments = [f"0x{tx_hash.hex()}", OPTIONS]
        try:
            trace: Any = client.ask(METHOD, lambda: client.w3.manager.request_blocking(METHOD, arguments))
            return collect_inputs(trace, address)
        except RpcRefused as error:
            raise TraceUnavailable(client.profile.name, tx_hash, error.detail) from error
        except RpcUnavailable as error:
            if not isinstance(error.__cause__, Web3RPCError):
                raise  # no answer at all
            raise TraceUnavailable(client.profile.name, tx_hash, error.detail) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise TraceUnavailable(client.profile.name, tx_hash, "the node's answer is no call trace") from error


def collect_inputs(trace: Mapping[str, Any], address: str) -> list[bytes]:
    """The inputs of calls to an address in a callTracer's answer: calls inside calls, as deep as they go."""
    found: list[bytes] = []
    waiting = [trace]
    while waiting:
        call = waiting.pop()
        if str(call.get("to")).lower() == address.lower():
            found.append(bytes(HexBytes(call.get("input") or "0x")))
        waiting.extend(call.get("calls") or ())
    return found
