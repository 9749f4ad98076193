"""Faster arithmetic for circom's witness calculators: their field arithmetic in limbs of 64 bits.

Takes a calculator's WASM, gives it with seven functions replaced; what they compute is the same for canonical numbers.
circom writes products in limbs of 32 bits, inverses by long division and copies word by word. A module in which any of
the seven is not exactly what circom writes is left as it is. Whatever a calculator computes, no proof of a wrong
witness verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import wasmtime

from zklink.primitives.field import R
from zklink.prover.wasm_functions import read_functions, replace_functions

KNOWN: Final[Mapping[str, str]] = {
    "Fr_F1m_mul": "69b5cdc0399b475b",
    "Fr_F1m_square": "eb1b08db05b83651",
    "Fr_F1m_fromMontgomery": "c08be169bf050397",
    "Fr_F1m_add": "9535594d773befdd",
    "Fr_F1m_sub": "ee85282b243dfe89",
    "Fr_copy": "1bef12871060a0d3",
    "Fr_int_inverseMod": "202c0013a4a49434",
}
"""What circom writes for BN254's scalars: the first half of each body's SHA-256, 16 digits."""
_LIMBS: Final = 4
_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1
_FACTOR: Final = -pow(R, -1, 1 << _BITS) & _MASK
"""Montgomery's: the lowest limb times this, times R, is its negative in the lowest limb."""
_MODULUS: Final = tuple(f"(i64.const {R >> _BITS * place & _MASK})" for place in range(_LIMBS))
_ZERO: Final = "(i64.const 0)"


def speed_up(module: bytes) -> bytes:
    """The calculator with faster arithmetic, or as it is. What comes needs the engine of `make_engine`."""
    try:
        own = read_functions(module)
    except (ValueError, KeyError, IndexError):
        return module
    found = {name: hashlib.sha256(own.get(name, b"")).hexdigest()[:16] for name in KNOWN}
    return replace_functions(module, compile_bodies()) if found == KNOWN else module


def make_engine() -> wasmtime.Engine:
    """An engine for such calculators: with products of 64 bits by 64."""
    config = wasmtime.Config()
    config.wasm_wide_arithmetic = True
    return wasmtime.Engine(config)


@cache
def compile_bodies() -> dict[str, bytes]:
    """The functions that replace circom's."""
    return read_functions(build_module())


def build_module() -> bytes:
    """A module with the functions and a memory, all exported; a function takes addresses, the result's last, but for
    `Fr_copy`, whose first is the result's.
    """
    below = ("(if (i32.wrap_i64 (local.get $borrow)) (then", *_add("t", _MODULUS), "))")
    functions = (
        _function("Fr_F1m_mul", 3, _load("a", 0), _load("b", 1), _write_product("b"), _store("t", 2)),
        _function("Fr_F1m_square", 2, _load("a", 0), _write_product("a"), _store("t", 1)),
        _function("Fr_F1m_fromMontgomery", 2, _load("t", 0), _write_reduction(), _store("t", 1)),
        _function(
            "Fr_F1m_add", 3, _load("t", 0), _load("b", 1), _add("t", _limbs("b")), _subtract_once(), _store("t", 2)
        ),
        _function(
            "Fr_F1m_sub", 3, _load("t", 0), _load("b", 1), _subtract("t", _limbs("b"), "t"), below, _store("t", 2)
        ),
        _function("Fr_copy", 2, _write_copy()),
        _function("Fr_int_inverseMod", 3, _load("a", 0), _write_inverse(), _store("t", 2)),
    )
    return bytes(wasmtime.wat2wasm(f'(module (memory (export "memory") 1) {" ".join(functions)})'))


def _function(name: str, parameters: int, *parts: Iterable[str]) -> str:
    """Addresses are parameters 0, 1, ..; numbers have four locals each."""
    limbs = " ".join(f"(local ${number}{place} i64)" for number in "abdtuv" for place in range(_LIMBS))
    others = "(local $carry i64) (local $factor i64) (local $high i64) (local $borrow i64)"
    head = f'(func ${name} (export "{name}") (param {"i32 " * parameters}) {limbs} {others}'
    return "\n".join((head, *(line for part in parts for line in part), ")"))


def _limbs(number: str) -> list[str]:
    return [f"(local.get ${number}{place})" for place in range(_LIMBS)]


def _load(number: str, parameter: int) -> Iterable[str]:
    for place in range(_LIMBS):
        yield f"(local.set ${number}{place} (i64.load offset={8 * place} (local.get {parameter})))"


def _store(number: str, parameter: int) -> Iterable[str]:
    for place, limb in enumerate(_limbs(number)):
        yield f"(i64.store offset={8 * place} (local.get {parameter}) {limb})"


def _copy(target: str, source: str) -> Iterable[str]:
    for place, limb in enumerate(_limbs(source)):
        yield f"(local.set ${target}{place} {limb})"


def _write_copy() -> Iterable[str]:
    """An element of 40 bytes: its head, then two halves."""
    yield "(i64.store (local.get 0) (i64.load (local.get 1)))"
    for offset in (8, 24):
        yield f"(v128.store offset={offset} (local.get 0) (v128.load offset={offset} (local.get 1)))"


def _write_product(right: str) -> Iterable[str]:
    """t = a times `right`, divided by 2^256: limb by limb, each with a multiple of R that ends t's lowest limb. t stays
    below 2 R, whose highest limb is below 2^63, so the sum of two carries is a limb.
    """
    for place in range(_LIMBS):
        yield f"(local.set $t{place} {_ZERO})"
    for factor in _limbs(right):
        yield f"(local.set $carry {_ZERO})"
        for place, limb in enumerate(_limbs("a")):
            yield from _multiply_add(limb, factor, f"t{place}", f"t{place}")
        yield "(local.set $high (local.get $carry))"
        yield from _end_limb("(i64.add (local.get $high) (local.get $carry))")
    yield from _subtract_once()


def _write_reduction() -> Iterable[str]:
    """t = t divided by 2^256, for t below R."""
    for _ in range(_LIMBS):
        yield from _end_limb("(local.get $carry)")
    yield from _subtract_once()


def _end_limb(highest: str) -> Iterable[str]:
    """t = (t + a multiple of R) divided by 2^64."""
    yield f"(local.set $factor (i64.mul (local.get $t0) (i64.const {_FACTOR})))"
    yield f"(local.set $carry {_ZERO})"
    for place, limb in enumerate(_MODULUS):
        yield from _multiply_add("(local.get $factor)", limb, f"t{place}", f"t{place - 1}" if place else "borrow")
    yield f"(local.set $t{_LIMBS - 1} {highest})"


def _multiply_add(left: str, right: str, added: str, target: str) -> Iterable[str]:
    """target and carry = left times right + added + carry."""
    yield f"(i64.mul_wide_u {left} {right}) (local.get ${added}) {_ZERO} i64.add128"
    yield f"(local.get $carry) {_ZERO} i64.add128 (local.set $carry) (local.set ${target})"


def _subtract_once() -> Iterable[str]:
    """t -= R, if it has as much."""
    yield from _subtract("t", _MODULUS, "d")
    for place in range(_LIMBS):
        own, less = f"(local.get $t{place})", f"(local.get $d{place})"
        yield f"(local.set $t{place} (select {own} {less} (i32.wrap_i64 (local.get $borrow))))"


def _subtract(left: str, right: Sequence[str], target: str) -> Iterable[str]:
    """target = left - right; `borrow` is 1 if that is below zero, else 0."""
    yield f"(local.set $borrow {_ZERO})"
    for place, limb in enumerate(right):
        yield f"(local.get ${left}{place}) {_ZERO} {limb} {_ZERO} i64.sub128 (local.get $borrow) {_ZERO} i64.sub128"
        yield f"(local.set $borrow) (local.set ${target}{place})"
        yield "(local.set $borrow (i64.and (local.get $borrow) (i64.const 1)))"


def _add(number: str, right: Sequence[str]) -> Iterable[str]:
    """number += the other; the sum is below 2^256."""
    yield f"(local.set $carry {_ZERO})"
    for place, limb in enumerate(right):
        yield f"(local.get ${number}{place}) {_ZERO} {limb} {_ZERO} i64.add128 (local.get $carry) {_ZERO} i64.add128"
        yield f"(local.set $carry) (local.set ${number}{place})"


def _halve(number: str) -> Iterable[str]:
    """number /= 2, rounded down."""
    for place in range(_LIMBS):
        low = f"(i64.shr_u (local.get ${number}{place}) (i64.const 1))"
        if place < _LIMBS - 1:
            low = f"(i64.or {low} (i64.shl (local.get ${number}{place + 1}) (i64.const 63)))"
        yield f"(local.set ${number}{place} {low})"


def _write_inverse() -> Iterable[str]:
    """t = 1 / a mod R, and 0 for a = 0: the binary algorithm of Euclid, with u = a b' and v = a t' mod R throughout.

    u and v are halved while they are even; of two odd ones the larger loses the smaller, until u is 0 and v is 1.
    """
    for place, limb in enumerate(_MODULUS):
        yield f"(local.set $u{place} (local.get $a{place})) (local.set $v{place} {limb})"
        yield f"(local.set $b{place} (i64.const {int(place == 0)})) (local.set $t{place} {_ZERO})"
    yield f"(block $end (loop $next (br_if $end {_is_zero('u')})"
    yield from _halve_while_even("u", "b")
    yield from _subtract("u", _limbs("v"), "d")
    yield "(if (i32.wrap_i64 (local.get $borrow)) (then"
    for one, other in (("u", "v"), ("b", "t")):  # swap, so that u is the larger one
        for place in range(_LIMBS):
            yield f"(local.get ${one}{place}) (local.set ${one}{place} (local.get ${other}{place}))"
            yield f"(local.set ${other}{place})"
    yield from _subtract("u", _limbs("v"), "d")
    yield "))"
    yield from _copy("u", "d")
    yield from _subtract("b", _limbs("t"), "b")
    yield "(if (i32.wrap_i64 (local.get $borrow)) (then"
    yield from _add("b", _MODULUS)
    yield "))"
    yield "(br $next)))"


def _halve_while_even(number: str, other: str) -> Iterable[str]:
    """Both are halved modulo R as long as the first, which is not zero, is even."""
    even = f"(i64.eqz (i64.and (local.get ${number}0) (i64.const 1)))"
    yield f"(block $odd (loop $half (br_if $odd (i32.eqz {even}))"
    yield from _halve(number)
    yield f"(if (i32.wrap_i64 (i64.and (local.get ${other}0) (i64.const 1))) (then"
    yield from _add(other, _MODULUS)
    yield "))"
    yield from _halve(other)
    yield "(br $half)))"


def _is_zero(number: str) -> str:
    parts = _limbs(number)
    joined = parts[0]
    for part in parts[1:]:
        joined = f"(i64.or {joined} {part})"
    return f"(i64.eqz {joined})"
