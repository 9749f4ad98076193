"""What a node's answer must look like to count as one, and how equal answers are recognised.

Takes answers as JSON has them; gives the error that makes a node's answer none, or a text that is the same for equal
answers. Never asks a node.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from web3.types import RPCResponse

from zklink.l1.transport.receipts import is_removed
from zklink.l1.transport.verdicts import Verdict, classify_answer

HEAD: Final = "eth_getBlockByNumber"
LOGS: Final = "eth_getLogs"
SEND: Final = "eth_sendRawTransaction"
CALL: Final = "eth_call"
CODE: Final = "eth_getCode"
TRANSACTION: Final = "eth_getTransactionByHash"
RECEIPT: Final = "eth_getTransactionReceipt"
COUNT: Final = "eth_getTransactionCount"
BY_HASH: Final = (TRANSACTION, RECEIPT)

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_WORD: Final = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_FRAME: Final = {"jsonrpc": "2.0", "id": 1}
_LOG_FIELDS: Final = ("blockNumber", "blockHash", "transactionHash", "logIndex", "address", "topics", "data")
_RECEIPT_FIELDS: Final = ("transactionHash", "blockNumber", "blockHash", "status", "gasUsed", "contractAddress")
_FIELDS: Final = {
    HEAD: ("number", "hash", "parentHash", "timestamp", "baseFeePerGas"),
    TRANSACTION: ("hash", "nonce", "input"),
    RECEIPT: (*_RECEIPT_FIELDS, "effectiveGasPrice"),
}
"""What this client reads of an object; the rest is left out, so that it cannot be a trap."""
_DEEPEST: Final = 12
"""How deep an answer that is checked may be nested."""


def has_error(answer: Mapping[str, Any]) -> bool:
    """Whether a JSON-RPC answer is an error; some nodes write `"error": null` beside a result."""
    return answer.get("error") is not None or "result" not in answer


def normalise(method: str, answer: Mapping[str, Any]) -> RPCResponse:
    """A checked answer in JSON-RPC's own form, which web3.py insists on, with nothing in it that was not checked."""
    if not has_error(answer):
        return cast("RPCResponse", {**_FRAME, "result": _reduce(method, answer["result"])})
    error = answer["error"] if isinstance(answer["error"], Mapping) else {"message": answer["error"]}
    code, message = error.get("code"), error.get("message")
    told = {"code": code if type(code) is int else -32000, "message": message if isinstance(message, str) else ""}
    return cast("RPCResponse", {**_FRAME, "error": told | ({"data": error["data"]} if "data" in error else {})})


def check_answer(method: str, params: Sequence[Any], answer: Any) -> None:
    """ValueError, which is no answer, unless this can be an answer to the question."""
    if not isinstance(answer, Mapping):
        raise ValueError("the answer is no JSON-RPC object")
    check = _CHECKS.get(method)
    if has_error(answer):
        _check_depth(answer.get("error"))
        if not isinstance(answer.get("error"), Mapping | str):
            raise ValueError("the answer has neither a result nor an error")
    elif check is not None:
        _check_depth(answer["result"])
        check(params, answer["result"])


def read_quantity(value: Any) -> int:
    """A number as JSON-RPC writes it. ValueError for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise ValueError("the answer has no number where one must be")


def find_height(method: str, params: Sequence[Any]) -> int:
    """The block that a question names: a node below it would answer without it. -1 if it names none."""
    named: Any = None
    if method == LOGS:
        named = params[0].get("toBlock")
    elif method in (CALL, CODE, COUNT) and len(params) > 1:
        named = params[1]
    found = _read_bound(named)
    return -1 if found is None else found


def read_height(answer: Mapping[str, Any]) -> int:
    """The number of the block that a checked answer holds; -1 if it holds none."""
    block = answer.get("result")
    return -1 if block is None else read_quantity(block["number"])


def spell(method: str, answer: Mapping[str, Any]) -> str:
    """A checked answer as a text; equal answers have equal texts."""
    if has_error(answer):
        return _spell_error(answer)
    result = _reduce(method, answer["result"])
    if method == RECEIPT and result is not None:  # not every node has the price
        result = {name: value for name, value in result.items() if name != "effectiveGasPrice"}
    return _write(result)


def _reduce(method: str, result: Any) -> Any:
    """What counts in a checked result."""
    if method == LOGS:
        return _reduce_logs(result)
    if method not in _FIELDS or result is None:
        return result
    kept = {name: result[name] for name in _FIELDS[method] if name in result}
    return kept | ({"logs": _reduce_logs(result["logs"])} if method == RECEIPT else {})


def _reduce_logs(logs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each position of a block once: the last word about it counts."""
    kept: dict[tuple[str, int], dict[str, Any]] = {}
    for log in logs:
        if log.get("blockHash") is None:
            continue
        place = _write(log["blockHash"]), read_quantity(log["logIndex"])
        kept.pop(place, None)
        if not is_removed(log):
            kept[place] = {name: log[name] for name in _LOG_FIELDS}
    return sorted(kept.values(), key=lambda log: (read_quantity(log["blockNumber"]), read_quantity(log["logIndex"])))


def _spell_error(answer: Mapping[str, Any]) -> str:
    """Nodes word a revert differently; the contract's data is the same."""
    verdict, error = classify_answer(answer), answer["error"]
    data = error.get("data") if isinstance(error, Mapping) else None
    if verdict is Verdict.REVERTED and isinstance(data, str) and _DATA.fullmatch(data):
        return f"error {verdict.name} {data.lower()}"
    return f"error {verdict.name} {_write(error)}"


def _write(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr).lower()


# -- what each method answers --------------------------------------------------------------------------------------


def _check_head(params: Sequence[Any], block: Any) -> None:
    if block is None:
        if params[0] == "latest":
            raise ValueError("it has no head")
        return
    _check_fields(block, number=_QUANTITY, hash=_WORD, parentHash=_WORD, timestamp=_QUANTITY)
    asked, found = params[0], read_quantity(block["number"])
    if (isinstance(asked, int) or _matches(_QUANTITY, asked)) and read_quantity(asked) != found:
        raise ValueError(f"it gives block {found}, and block {read_quantity(asked)} was asked for")


def _check_logs(params: Sequence[Any], logs: Any) -> None:
    query = params[0]
    asked = query.get("address")
    addresses = {str(item).lower() for item in ([asked] if isinstance(asked, str) else asked or ())}
    first, last = (_read_bound(query.get(name)) for name in ("fromBlock", "toBlock"))
    for log in _check_log_forms(logs):
        number = read_quantity(log["blockNumber"])
        if (first is not None and number < first) or (last is not None and number > last):
            raise ValueError(f"a log of block {number}, which was not asked for")
        if addresses and str(log["address"]).lower() not in addresses:
            raise ValueError("a log of a contract that was not asked for")


def _check_log_forms(logs: Any) -> Iterator[Mapping[str, Any]]:
    """The logs of some block, each of the right form."""
    for log in _read_list(logs):
        if isinstance(log, Mapping) and log.get("blockHash") is None and "blockHash" in log:
            continue  # of no block yet: nobody counts it
        _check_fields(log, blockNumber=_QUANTITY, blockHash=_WORD, transactionHash=_WORD, logIndex=_QUANTITY)
        _check_fields(log, address=_ADDRESS, data=_DATA)
        if not all(_matches(_WORD, topic) for topic in _read_list(log.get("topics"))):
            raise ValueError("a log's topic is no word")
        yield log


def _check_transaction(params: Sequence[Any], found: Any) -> None:
    if found is not None:
        _check_fields(found, hash=_WORD, nonce=_QUANTITY, input=_DATA)
        _check_hash(params, found["hash"])


def _check_receipt(params: Sequence[Any], found: Any) -> None:
    if found is None:
        return
    _check_fields(found, transactionHash=_WORD)
    _check_hash(params, found["transactionHash"])
    if found.get("blockNumber") is not None:
        _check_fields(found, blockNumber=_QUANTITY, blockHash=_WORD, status=_QUANTITY, gasUsed=_QUANTITY)
    optional = {"effectiveGasPrice": _QUANTITY, "contractAddress": _ADDRESS}
    _check_fields(found, **{name: shape for name, shape in optional.items() if found.get(name) is not None})
    for _ in _check_log_forms(found.get("logs")):
        pass


def _check_hash(params: Sequence[Any], found: Any) -> None:
    """What stands under a hash names that hash."""
    if _write(found) != _write(params[0]):
        raise ValueError("it gives another transaction than was asked for")


def _check_quantity(params: Sequence[Any], found: Any) -> None:
    read_quantity(found)


def _check_data(params: Sequence[Any], found: Any) -> None:
    if not _matches(_DATA, found):
        raise ValueError("the answer is no data")


def _check_fields(found: Any, **shapes: re.Pattern[str]) -> None:
    if not isinstance(found, Mapping):
        raise ValueError("the answer is no object")
    for name, shape in shapes.items():
        value = found.get(name)
        if not (_matches(shape, value) or (shape is _QUANTITY and type(value) is int and value >= 0)):
            raise ValueError(f"the answer's {name} is missing or odd")


def _check_depth(value: Any) -> None:
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ValueError("the answer is nested too deep")
        if isinstance(part, Mapping | list | tuple):
            inner = part.values() if isinstance(part, Mapping) else part
            waiting += [(each, depth + 1) for each in inner]


def _matches(shape: re.Pattern[str], value: Any) -> bool:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else value
    return isinstance(text, str) and shape.fullmatch(text) is not None


def _read_list(found: Any) -> Iterable[Any]:
    if not isinstance(found, list | tuple):
        raise ValueError("the answer has no list where one must be")
    return found


def _read_bound(bound: Any) -> int | None:
    is_number = type(bound) is int or (_matches(_QUANTITY, bound) and len(bound) < 66)  # else a block's hash
    return read_quantity(bound) if is_number else None


_CHECKS: Final[Mapping[str, Callable[[Sequence[Any], Any], None]]] = {
    HEAD: _check_head,
    LOGS: _check_logs,
    CALL: _check_data,
    CODE: _check_data,
    TRANSACTION: _check_transaction,
    RECEIPT: _check_receipt,
} | dict.fromkeys(
    ("eth_chainId", COUNT, "eth_getBalance", "eth_gasPrice", "eth_estimateGas", "eth_blockNumber"),
    _check_quantity,
)
