"""The field machine in machine code, built with LLVM at its first use (a tenth of a second; nothing is kept on disk).

An element is 32 bytes: four 64-bit limbs, the least significant one first. A product is Montgomery's, a b / 2^256 mod R
("Modular multiplication without trial division", 1985). R is below 2^254, so a sum of two elements fits into 256 bits
and a sum of 17 products into 512.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import binding, ir

from zklink.primitives.field import R
from zklink.primitives.machine_code import ADD, ELEMENT_BYTES, SUBTRACT

LIMBS: Final = 4
LIMB_BITS: Final = 64
_NAME: Final = "run"
_BIT, _BYTE, _LIMB, _DOUBLE, _ELEMENT = (ir.IntType(bits) for bits in (1, 8, 64, 128, 256))
_NEGATIVE_INVERSE: Final = -pow(R, -1, 1 << LIMB_BITS) % (1 << LIMB_BITS)

Value = Any
Run = Callable[[bytes, int, int, bytes, int, int, int, int], None]

_kept: list[object] = []  # the engine owns the code and must live as long as the process


def compile_run() -> Run:
    """`run(program, length, registers, inputs, input_count, outputs, output_count, rows)`; counts are elements.

    `registers` and `outputs` are addresses. For each row the inputs are copied to the registers from 0 on, the program
    runs, and the first registers are copied to the outputs. The call holds the interpreter's lock, so that threads can
    share registers.
    """
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )
    module = binding.parse_assembly(build_module())
    module.verify()
    passes = binding.create_pass_builder(target, binding.create_pipeline_tuning_options(speed_level=2))
    passes.getModulePassManager().run(module, passes)
    engine = binding.create_mcjit_compiler(module, target)
    engine.finalize_object()
    _kept.append(engine)
    word, pointer = ctypes.c_int64, ctypes.c_void_p
    prototype = ctypes.PYFUNCTYPE(None, ctypes.c_char_p, word, pointer, ctypes.c_char_p, word, pointer, word, word)
    return prototype(engine.get_function_address(_NAME))


def build_module() -> str:
    """The machine as LLVM assembly."""
    module = ir.Module("field_machine")
    execute = _build_execute(module, _build_dot(module))
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_LIMB] * 8), _NAME)
    program, length, registers, inputs, input_count, outputs, output_count, rows = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    with _repeat(builder, rows) as row:
        source = builder.add(inputs, builder.mul(builder.mul(row, input_count), _LIMB(ELEMENT_BYTES)))
        _copy(builder, registers, source, input_count)
        builder.call(execute, [program, length, registers])
        place = builder.add(outputs, builder.mul(builder.mul(row, output_count), _LIMB(ELEMENT_BYTES)))
        _copy(builder, place, registers, output_count)
    builder.ret_void()
    return str(module)


def _build_execute(module: Any, dot: Value) -> Value:
    """The loop over instructions: 16 bits each of operation, target, left and right register."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_LIMB] * 3), "execute")
    function.linkage = "internal"
    program, length, registers = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    with _repeat(builder, length) as index:
        instruction = _load(builder, program, _LIMB, index)
        operation, *fields = (
            builder.and_(builder.lshr(instruction, _LIMB(shift)), _LIMB(0xFFFF)) for shift in (0, 16, 32, 48)
        )
        target, left, right = (builder.add(registers, builder.mul(f, _LIMB(ELEMENT_BYTES))) for f in fields)
        is_add = builder.icmp_unsigned("==", operation, _LIMB(ADD))
        is_subtract = builder.icmp_unsigned("==", operation, _LIMB(SUBTRACT))
        with builder.if_else(builder.or_(is_add, is_subtract)) as (then, otherwise):
            with then:
                a, b = (_load(builder, address, _ELEMENT) for address in (left, right))
                difference = builder.sub(a, b)
                wrapped = builder.select(
                    builder.icmp_unsigned("<", a, b), builder.add(difference, _ELEMENT(R)), difference
                )
                result = builder.select(is_add, _reduce_once(builder, builder.add(a, b), R), wrapped)
                _store(builder, target, result)
            with otherwise:
                builder.call(dot, [target, left, right, operation])
    builder.ret_void()
    return function


def _build_dot(module: Any) -> Value:
    """target = sum of left[i] right[i] / 2^256 mod R over consecutive registers."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_LIMB] * 4), "dot")
    function.linkage = "internal"
    target, left, right, terms = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    place = builder.alloca(_ELEMENT)
    total = [builder.alloca(_LIMB) for _ in range(2 * LIMBS)]
    for limb in total:
        builder.store(_LIMB(0), limb)
    with _repeat(builder, terms) as term:
        limbs = [builder.load(limb) for limb in total]
        first = builder.mul(term, _LIMB(LIMBS))
        a, b = (
            [_load(builder, address, _LIMB, builder.add(first, _LIMB(limb))) for limb in range(LIMBS)]
            for address in (left, right)
        )
        _add_rows(builder, limbs, lambda row: b[row], a)
        for limb, value in zip(total, limbs, strict=True):
            builder.store(value, limb)
    limbs = [builder.load(limb) for limb in total]
    modulus = [_LIMB(R >> LIMB_BITS * limb & (1 << LIMB_BITS) - 1) for limb in range(LIMBS)]
    _add_rows(builder, limbs, lambda row: builder.mul(limbs[row], _LIMB(_NEGATIVE_INVERSE)), modulus)
    result = _join(builder, limbs[LIMBS:])  # below R (1 + terms R / 2^256), i.e. below 2 R up to 5 terms
    builder.store(result, place)
    with builder.if_then(builder.icmp_unsigned(">", terms, _LIMB(5))):
        builder.store(_reduce_once(builder, _reduce_once(builder, result, 4 * R), 2 * R), place)
    _store(builder, target, _reduce_once(builder, builder.load(place), R))
    builder.ret_void()
    return function


def _add_rows(builder: Any, limbs: list[Value], factor: Callable[[int], Value], other: list[Value]) -> None:
    """limbs += sum over rows of factor(row) 2^(64 row) other; the caller knows that 512 bits suffice.

    A limb, a carry and a product of limbs fit into 128 bits exactly; what is carried out of a row's last limb belongs
    to the next row's last limb.
    """
    extra: Value = _DOUBLE(0)
    for row in range(LIMBS):
        multiplier = builder.zext(factor(row), _DOUBLE)
        carry: Value = _DOUBLE(0)
        for column in range(LIMBS):
            product = builder.mul(multiplier, builder.zext(other[column], _DOUBLE))
            total = builder.add(builder.add(product, builder.zext(limbs[row + column], _DOUBLE)), carry)
            limbs[row + column] = builder.trunc(total, _LIMB)
            carry = builder.lshr(total, _DOUBLE(LIMB_BITS))
        top = builder.add(builder.add(builder.zext(limbs[row + LIMBS], _DOUBLE), carry), extra)
        limbs[row + LIMBS] = builder.trunc(top, _LIMB)
        extra = builder.lshr(top, _DOUBLE(LIMB_BITS))


def _reduce_once(builder: Any, value: Value, modulus: int) -> Value:
    reduced = builder.sub(value, _ELEMENT(modulus))
    return builder.select(builder.icmp_unsigned("<", value, _ELEMENT(modulus)), value, reduced)


def _join(builder: Any, limbs: list[Value]) -> Value:
    value: Value = _ELEMENT(0)
    for position, limb in enumerate(limbs):
        value = builder.or_(value, builder.shl(builder.zext(limb, _ELEMENT), _ELEMENT(LIMB_BITS * position)))
    return value


def _load(builder: Any, address: Value, kind: Any, index: Value | None = None) -> Value:
    pointer = builder.inttoptr(address, kind.as_pointer())
    return builder.load(pointer if index is None else builder.gep(pointer, [index]), align=8)


def _store(builder: Any, address: Value, value: Value) -> None:
    builder.store(value, builder.inttoptr(address, value.type.as_pointer()), align=8)


def _copy(builder: Any, target: Value, source: Value, elements: Value) -> None:
    with _repeat(builder, builder.mul(elements, _LIMB(LIMBS))) as limb:
        pointer = builder.inttoptr(target, _LIMB.as_pointer())
        builder.store(_load(builder, source, _LIMB, limb), builder.gep(pointer, [limb]), align=8)


@contextmanager
def _repeat(builder: Any, times: Value) -> Iterator[Value]:
    """A loop whose body sees the index 0, 1, .. below `times`, which may be 0."""
    with builder.goto_entry_block():
        place = builder.alloca(_LIMB)
    builder.store(_LIMB(0), place)
    head, body, end = (builder.append_basic_block() for _ in range(3))
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.load(place)
    builder.cbranch(builder.icmp_unsigned("<", index, times), body, end)
    builder.position_at_end(body)
    yield index
    builder.store(builder.add(index, _LIMB(1)), place)
    builder.branch(head)
    builder.position_at_end(end)
