"""What contracts say when they refuse, in words, in whatever form a node passes it on."""

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak
from web3.exceptions import ContractCustomError, ContractLogicError, ContractPanicError

from zklink.l1.transport.reverts import decode_revert_data
from zklink.l1.transport.verdicts import decode_reason

ALICE = "0x" + "a1" * 20


def spell(signature: str, *values: Any) -> bytes:
    """A custom error as a contract reverts with it."""
    types = [kind for kind in signature.partition("(")[2].rstrip(")").split(",") if kind]
    return keccak(text=signature)[:4] + encode(types, values)


SHORT = spell("ERC20InsufficientBalance(address,uint256,uint256)", ALICE, 5, 6)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (spell("Error(string)", "swap: deadline passed"), "swap: deadline passed"),
        (spell("Panic(uint256)", 0x11), "arithmetic overflow or underflow (panic 0x11)"),
        (spell("Panic(uint256)", 0x12), "division by zero (panic 0x12)"),
        (spell("Panic(uint256)", 0x77), "an unknown panic (panic 0x77)"),
        (SHORT, "has 5 of the token, 6 needed (ERC20InsufficientBalance)"),
        (
            spell("ERC20InsufficientAllowance(address,uint256,uint256)", ALICE, 0, 6),
            "may move 0 of the token, 6 needed (ERC20InsufficientAllowance)",
        ),
        (spell("ERC2612ExpiredSignature(uint256)", 9), "the permit was valid until 9 (ERC2612ExpiredSignature)"),
        (spell("EnforcedPause()"), "the contract is paused (EnforcedPause)"),
        (
            spell("AccessControlUnauthorizedAccount(address,bytes32)", ALICE, bytes(32)),
            f"does not have role 0x{'00' * 32} (AccessControlUnauthorizedAccount)",
        ),
        (bytes.fromhex("12345678"), "0x12345678"),
        (SHORT[:40], f"0x{SHORT[:40].hex()}"),
        (bytes.fromhex("08c379a0") + b"\xff" * 32, "0x08c379a0" + "ff" * 32),
        (b"\x01", "0x01"),
    ],
)
def test_decode_revert_data__what_contracts_say__in_words(data: bytes, expected: str) -> None:
    assert decode_revert_data(data).endswith(expected)


def test_decode_revert_data__address__with_its_checksum() -> None:
    assert decode_revert_data(SHORT).lower().startswith(ALICE)


@pytest.mark.parametrize(
    "error",
    [
        ContractCustomError(f"0x{SHORT.hex()}", data=f"0x{SHORT.hex()}"),
        ContractLogicError("execution reverted", data=f"0x{SHORT.hex()}"),
        ContractLogicError(f"execution reverted: 0x{SHORT.hex()}"),
        ContractLogicError("revert", data={"0xab": f"0x{SHORT.hex()}"}),
        ContractLogicError(f"execution reverted: {SHORT!r}"),
        ContractLogicError("execution reverted", data=f"Reverted 0x{SHORT.hex()}"),
        ContractLogicError("execution reverted", data=f"0x{SHORT.hex().upper()}"),
    ],
)
def test_decode_reason__custom_error_in_any_wrapping__in_words(error: Exception) -> None:
    assert decode_reason(error).endswith("has 5 of the token, 6 needed (ERC20InsufficientBalance)")


def test_decode_reason__panic__in_words() -> None:
    data = f"0x{spell('Panic(uint256)', 0x11).hex()}"
    error = ContractPanicError("Panic error 0x11: Arithmetic operation results in underflow or overflow.", data=data)
    assert decode_reason(error) == "arithmetic overflow or underflow (panic 0x11)"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ContractLogicError("execution reverted", data="0x"), ""),
        (ContractLogicError("execution reverted: no", data="0xzz"), "no"),
        (ContractLogicError("execution reverted: a reason"), "a reason"),
    ],
)
def test_decode_reason__no_data_or_none_that_can_be_read__the_nodes_words(error: Exception, expected: str) -> None:
    assert decode_reason(error) == expected
