"""What a view is asked and what it answers are what web3.py would ask and read, for the views of all contracts."""

from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3
from web3.exceptions import BadFunctionCallOutput
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from tests.support.tries import tries
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.event_codec import CONTRACTS
from zklink.l1.transport.arguments import check_arguments, spell_type
from zklink.l1.transport.views import decode_view, encode_view

PLACE = "0x" + "11" * 20
FUNCTIONS = [
    (name, entry)
    for name in CONTRACTS
    for entry in load_contract(name).abi
    if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
]


class OneAnswer(BaseProvider):
    """A node that answers every call alike, and keeps what it was asked."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer, self.asked = answer, b""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if method == "eth_call":
            data = params[0]["data"]
            self.asked = bytes.fromhex(data[2:]) if isinstance(data, str) else bytes(data)
        return {"jsonrpc": "2.0", "id": 1, "result": "0x" + self.answer.hex() if method == "eth_call" else "0x1"}


def values_of(item: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a parameter, as a caller gives them."""
    kind = str(item["type"])
    if kind.endswith("]"):
        inner, _, count = kind[:-1].rpartition("[")
        least, most = (int(count), int(count)) if count else (0, 3)
        return st.lists(values_of({**item, "type": inner}), min_size=least, max_size=most)
    if kind == "tuple":
        return st.tuples(*map(values_of, item["components"]))
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    if kind.startswith("bytes") and kind != "bytes":
        return st.binary(min_size=int(kind[5:]), max_size=int(kind[5:]))
    plain: dict[str, st.SearchStrategy[Any]] = {
        "address": st.binary(min_size=20, max_size=20).map(Web3.to_checksum_address),
        "bool": st.booleans(),
        "bytes": st.binary(max_size=40),
        "string": st.text(max_size=10),
    }
    return plain[kind]


@given(st.data())
@tries(3)
def test_view__any_function_any_values__as_web3_asks_and_reads(data: st.DataObject) -> None:
    for name, entry in FUNCTIONS:
        arguments = [data.draw(values_of(item)) for item in entry["inputs"]]
        outputs = [data.draw(values_of(item)) for item in entry["outputs"]]
        node = OneAnswer(eth_abi.encode([spell_type(item) for item in entry["outputs"]], outputs))
        contract = Web3(node).eth.contract(address=Web3.to_checksum_address(PLACE), abi=load_contract(name).abi_list())
        expected = contract.get_function_by_signature(signature(entry))(*arguments).call()
        codec, view = contract.w3.codec, check_arguments(contract.abi, entry["name"], arguments)
        assert (encode_view(codec, view, arguments), decode_view(codec, view, node.answer)) == (node.asked, expected), (
            name
        )


def test_view__answer_too_short__is_bad_output() -> None:
    entry = next(entry for _, entry in FUNCTIONS if entry["name"] == "deployment_hash")
    with pytest.raises(BadFunctionCallOutput, match="deployment_hash answered 0 bytes"):
        decode_view(Web3().codec, entry, b"")


def signature(entry: dict[str, Any]) -> str:
    """As web3.py names a function that has namesakes."""
    return f"{entry['name']}({','.join(map(spell_type, entry['inputs']))})"
