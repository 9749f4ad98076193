"""Wrong arguments are refused before anything is sent, with the argument, what is asked for and what was given."""

from typing import Any

import pytest

from zklink.l1.contracts.bridge import bridge_artifact
from zklink.l1.contracts.bridge_structs import SwapOrder
from zklink.l1.transport.arguments import check_arguments, check_creation
from zklink.protocol.errors import ArgumentsRefused
from zklink.protocol.ids import Amount, ChainId, TokenId

OWNER = "0x" + "22" * 20
ORDER = SwapOrder(
    token_in=TokenId(1),
    token_out=TokenId(2),
    destination=ChainId(2),
    l1_amount=10,
    min_out=Amount(0),
    operator_fee=Amount(0),
    fill_fee=Amount(0),
    deadline=1,
    recipient=bytes(32),
).abi("0x" + "11" * 20)


def with_field(position: int, value: object) -> tuple[object, ...]:
    """The order with one field replaced."""
    return (*ORDER[:position], value, *ORDER[position + 1 :])


def names() -> list[str]:
    (entry,) = (e for e in bridge_artifact().abi if e.get("name") == "swap")
    return [part["name"] for part in entry["inputs"][0]["components"]]


def test_check_arguments__as_the_abi_asks__taken() -> None:
    check_arguments(bridge_artifact().abi, "swap", [ORDER])
    check_arguments(bridge_artifact().abi, "custody", [1])


@pytest.mark.parametrize(
    ("function", "arguments", "said"),
    [
        ("swop", [], "swop: the contract has no such function, only .*swap"),
        ("custody", [], r"custody: 0 arguments where 1 are asked for \(token_id: uint16\)"),
        ("custody", ["1"], r"custody: token_id must be uint16, not '1' \(str\)"),
        ("custody", [1 << 16], r"token_id must be uint16, not 65536 \(int\)"),
        ("custody", [True], r"token_id must be uint16, not True \(bool\)"),
        ("fill", [[1, "x", 3], OWNER], r"fill: \w+\[1\] must be uint256, not 'x' \(str\)"),
        ("fill", [[1, 2], OWNER], r"fill: \w+: 2 values do not fit uint256\[3\]"),
        ("swap", [ORDER[:-1]], "swap: order: 10 fields where 11 are asked for"),
    ],
)
def test_check_arguments__wrong__says_which_and_what_is_asked_for(
    function: str, arguments: list[Any], said: str
) -> None:
    with pytest.raises(ArgumentsRefused, match=said):
        check_arguments(bridge_artifact().abi, function, arguments)


@pytest.mark.parametrize("position", range(len(ORDER)))
def test_check_arguments__any_field_of_an_order_wrong__that_field_is_named(position: int) -> None:
    with pytest.raises(ArgumentsRefused, match=rf"swap: order\.{names()[position]} must be "):
        check_arguments(bridge_artifact().abi, "swap", [with_field(position, None)])


def test_check_creation__too_few__says_what_a_constructor_asks_for() -> None:
    inputs = [{"name": "name", "type": "string"}]
    with pytest.raises(ArgumentsRefused, match=r"create TestToken: 0 arguments where 1 are asked for \(name: string\)"):
        check_creation("TestToken", inputs, [])
