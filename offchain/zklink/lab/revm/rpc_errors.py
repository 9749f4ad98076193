"""How nodes say no: an error's code, message and data, in the words of geth.

Takes outcomes and this package's errors; gives what goes into a JSON-RPC answer.
"""

from dataclasses import dataclass
from typing import Any, Final

from eth_abi import decode
from eth_abi.exceptions import DecodingError

from zklink.lab.revm.engine import Outcome

SERVER_ERROR: Final = -32000
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
REVERTED: Final = 3

_ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
_HALTS: Final = {
    "OpcodeNotFound": "invalid opcode",
    "InvalidFEOpcode": "invalid opcode: INVALID",
    "InvalidJump": "invalid jump destination",
    "StackUnderflow": "stack underflow",
    "StackOverflow": "stack limit reached 1024 (1023)",
    "CreateCollision": "contract address collision",
    "CreateContractSizeLimit": "max code size exceeded",
    "CreateContractStartingWithEF": "invalid code: must not begin with 0xef",
    "StateChangeDuringStaticCall": "write protection",
    "CallNotAllowedInsideStatic": "write protection",
    "OutOfFunds": "insufficient balance for transfer",
    "CallTooDeep": "max call depth exceeded",
}


@dataclass(eq=False)
class RpcRefused(Exception):
    """A request that is answered with an error."""

    code: int
    message: str
    data: str | None = None

    def answer(self) -> dict[str, Any]:
        """The error object of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": self.data}


def describe_failure(outcome: Outcome) -> RpcRefused:
    """Why a call failed: a revert with its data, or the machine's reason."""
    if not outcome.is_revert:
        is_out_of_gas = outcome.failure.startswith("OutOfGas")
        return RpcRefused(SERVER_ERROR, "out of gas" if is_out_of_gas else _HALTS.get(outcome.failure, outcome.failure))
    reason = _decode_reason(outcome.output)
    message = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return RpcRefused(REVERTED, message, f"0x{outcome.output.hex()}")


def _decode_reason(data: bytes) -> str | None:
    if data[:4] != _ERROR_SELECTOR:
        return None
    try:
        return str(decode(["string"], data[4:])[0])
    except (DecodingError, UnicodeDecodeError):
        return None
