"""A solver of ERC-7683 (the text of May 2026) that knows nothing of this system: decodes an order and runs its step.

Takes what `resolve` returns; gives the order's parts, and the call that fulfils it.
"""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

STEPS = ["Call(bytes,bytes4,bytes[],bytes[])"]
ATTRIBUTES = ["SpendsERC20(bytes,bytes,bytes,bytes)", "RevertPolicy(string,bytes)"]
VARIABLES = ["PaymentRecipient()"]
PAYMENTS = ["ERC20(bytes,bytes,bytes,uint256,uint256,uint256)"]
FORMULAS = ["Constant(uint256)"]
DYNAMIC_FRAME = encode(["string", "bytes"], ["", b""])[:96]
WORD_BYTES = 32


@dataclass(frozen=True)
class Place:
    """An ERC-7930 address of an EVM chain."""

    chain: int
    address: str

    @classmethod
    def read(cls, data: bytes) -> "Place":
        """Refuses any other version, kind of chain, or spelling."""
        assert data[:4] == bytes.fromhex("00010000")
        size = data[4]
        reference, rest = data[5 : 5 + size], data[5 + size :]
        assert size == 1 or reference[0] != 0, "not as few bytes as it needs"
        assert rest[0] == 20 == len(rest[1:])
        return cls(int.from_bytes(reference, "big"), f"0x{rest[1:].hex()}")


@dataclass(frozen=True)
class Payment:
    """What the solver gets."""

    token: Place
    sender: Place
    amount: int
    recipient_variable: int
    step: int
    delay_seconds: int


@dataclass(frozen=True)
class Spends:
    """What the call may take from its caller."""

    token: Place
    amount: int
    spender: Place
    recipient: Place


@dataclass(frozen=True)
class Order:
    """An order of one call."""

    target: Place
    selector: bytes
    arguments: tuple[bytes, ...]
    spends: Spends
    policy: tuple[str, bytes]
    payment: Payment
    assumptions: dict[str, bytes]

    def build_call(self, recipient: str) -> bytes:
        """The calldata for a solver who wants to be paid at this address."""
        variables = [encode(["string", "address"], ["", recipient])]
        heads = b""
        for argument in self.arguments:
            is_variable = len(argument) == WORD_BYTES
            value = variables[int.from_bytes(argument, "big")] if is_variable else argument
            assert not value.startswith(DYNAMIC_FRAME), "no argument here is of dynamic size"
            size = int.from_bytes(value[:WORD_BYTES], "big")
            assert len(value) == size + WORD_BYTES
            assert not any(value[size:])
            heads += value[WORD_BYTES:size]
        return self.selector + heads


def read_order(resolved: Any) -> Order:
    """An order of one call, one variable and one payment, from (steps, variables, payments, assumptions)."""
    steps, variables, payments, assumptions = resolved
    (step,), (variable,), (payment,) = steps, variables, payments
    _, (target, selector, arguments, attributes) = _read(STEPS, step)
    name, _ = _read(VARIABLES, variable)
    assert name == "PaymentRecipient"
    read = dict(_read(ATTRIBUTES, attribute) for attribute in attributes)
    assert len(read) == len(attributes)
    token, amount, spender, recipient = read["SpendsERC20"]
    _, paid = _read(PAYMENTS, payment)
    return Order(
        target=Place.read(target),
        selector=selector,
        arguments=tuple(arguments),
        spends=Spends(Place.read(token), _read_amount(amount), Place.read(spender), Place.read(recipient)),
        policy=read["RevertPolicy"],
        payment=Payment(Place.read(paid[0]), Place.read(paid[1]), _read_amount(paid[2]), *paid[3:]),
        assumptions=dict(assumptions),
    )


def _read(interface: list[str], data: bytes) -> tuple[str, Any]:
    """One call of an interface: the name of its function, and the values."""
    by_selector = {keccak(text=signature)[:4]: signature for signature in interface}
    name, _, types = by_selector[data[:4]].partition("(")
    inner = types[:-1]
    return name, decode([f"({inner})"], encode(["uint256"], [WORD_BYTES]) + data[4:])[0] if "bytes" in inner else (
        decode(inner.split(","), data[4:]) if inner else ()
    )


def _read_amount(formula: bytes) -> int:
    name, (amount,) = _read(FORMULAS, formula)
    assert name == "Constant"
    return int(amount)
