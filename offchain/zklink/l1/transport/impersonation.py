"""Accounts that a local node or a fork sends for, without their keys: `ChainClient` sends for them as for any other.

Takes a web3 and an address; from then on what this account "signs" is a marked envelope that never leaves the process:
the node gets `eth_sendTransaction` in its place. No network of others takes part: its nodes impersonate nobody.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address
from web3 import Web3
from web3.middleware import Web3Middleware
from web3.types import RPCEndpoint, RPCResponse

from zklink.protocol.errors import RpcRefused

NAME: Final = "zklink impersonation"
MARK: Final = b"\x7fzklink impersonated\x00"
"""No transaction begins so: 0x7f is no type."""
_BY_HASH: Final = {"eth_getTransactionReceipt": "transactionHash", "eth_getTransactionByHash": "hash"}
_HASHES: Final[dict[bytes, bytes]] = {}
"""The nodes' hashes of what this process has sent in envelopes, by those of the envelopes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a signed transaction is elsewhere."""

    raw_transaction: bytes

    @property
    def hash(self) -> bytes:
        """Of the envelope; the node's own is another one."""
        return keccak(self.raw_transaction)


@dataclass(frozen=True, slots=True)
class ImpersonatedAccount:
    """An account whose key nobody here has."""

    address: str

    def sign_transaction(self, transaction: Mapping[str, Any]) -> Envelope:
        """The envelope of a transaction."""
        return Envelope(MARK + json.dumps({"from": self.address, **_encode(transaction)}, sort_keys=True).encode())


def impersonate(w3: Web3, chain: str, address: str) -> LocalAccount:
    """Have the node send for an account. Raises RpcRefused if it does not: it is no local chain and no fork."""
    checksum = to_checksum_address(address)
    answer = w3.provider.make_request(RPCEndpoint("anvil_impersonateAccount"), [checksum])
    if answer.get("error") is not None:
        raise RpcRefused(chain, "anvil_impersonateAccount", "it is no fork: give an account of the keystore")
    if NAME not in w3.middleware_onion:
        w3.middleware_onion.inject(Impersonation, NAME, layer=0)
    return cast(LocalAccount, ImpersonatedAccount(checksum))


def find_true_hash(tx_hash: bytes) -> bytes:
    """A transaction's hash on its chain: another one than this package's, if it was sent in an envelope."""
    return _HASHES.get(tx_hash, tx_hash)


class Impersonation(Web3Middleware):
    """Stands before the node, and tells envelopes from transactions; answers name the envelopes."""

    def wrap_make_request(
        self, make_request: Callable[[RPCEndpoint, Any], RPCResponse]
    ) -> Callable[[RPCEndpoint, Any], RPCResponse]:
        def request(method: RPCEndpoint, params: Any) -> RPCResponse:
            if method == "eth_sendRawTransaction":
                raw = _bytes(params[0])
                if raw.startswith(MARK):
                    return self._send(make_request, raw)
            known = _HASHES.get(_bytes(params[0])) if method in _BY_HASH else None
            if known is None:
                return make_request(method, params)
            answer = make_request(method, [_hex(known), *params[1:]])
            found = answer.get("result")
            if found is not None:
                answer = cast(RPCResponse, {**answer, "result": {**found, _BY_HASH[method]: params[0]}})
            return answer

        return request

    def _send(self, make_request: Callable[[RPCEndpoint, Any], RPCResponse], raw: bytes) -> RPCResponse:
        envelope = keccak(raw)
        answer = make_request(RPCEndpoint("eth_sendTransaction"), [json.loads(raw[len(MARK) :])])
        if answer.get("error") is None:
            _HASHES[envelope] = _bytes(answer["result"])
            answer = cast(RPCResponse, {**answer, "result": _hex(envelope)})
        return answer


def _encode(transaction: Mapping[str, Any]) -> dict[str, str]:
    return {name: _show(value) for name, value in transaction.items() if name != "chainId"}


def _show(value: Any) -> str:
    return hex(value) if isinstance(value, int) else _hex(value) if isinstance(value, bytes) else str(value)


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
