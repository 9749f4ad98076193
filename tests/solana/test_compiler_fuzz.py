"""Random C, compiled for this machine without optimisation and for sBPF: both compute the same. Widths, signs, shifts,
tables of functions, three objects in any order, each level of optimisation that the linker could meet.
"""

import ctypes
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from solders.instruction import Instruction as Call

from tests.support.solana.machine import LOADER, Machine, Refused, key_of
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

PROGRAMS, SEED = 24, 2026
TYPES: Final = ("u8", "u16", "u32", "u64", "int", "i64", "short")
EDGES: Final = (0, 1, 0x80, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)
LEVELS: Final = (("-O2",), ("-Os",), ("-O2", "-ffunction-sections", "-fdata-sections"), ("-O1",))
FAILED: Final = 12_345

HEAD: Final = """typedef unsigned char u8; typedef unsigned short u16; typedef unsigned u32;
typedef unsigned long long u64; typedef long long i64;
"""
OTHER: Final = (
    HEAD
    + """static const u32 K[8] = {1, 0x80000000u, 7, 0xffffffffu, 3, 9, 0x12345678u, 5};
static const char *const S[3] = {"ab", "cdef", "ghi"};
__attribute__((noinline)) u64 other(u64 a, u32 b) {
  u64 s = a;
  for (u32 i = 0; i < (b & 15); i++) {
    s = s * 31 + K[(s ^ i) & 7];
    s ^= (u64)(int)(b - i) << 3;
    for (const char *p = S[s % 3]; *p; p++) s += (u8)*p;
  }
  switch (b % 9) {
    case 0: return s + 1; case 1: return s ^ b; case 2: return s - 77; case 3: return s * 3; case 4: return s >> 3;
    case 5: return ~s; case 6: return s << 5; case 7: return b; default: return s;
  }
}
"""
)
ENTRY: Final = (
    HEAD
    + f"""extern u64 compute(u64, u64);
u64 entrypoint(const u8 *input) {{
  u64 n = *(const u64 *)(input + 8);
  const u64 *q = (const u64 *)(input + 16);
  for (u64 i = 0; i < n / 24; i++) if (compute(q[3 * i], q[3 * i + 1]) != q[3 * i + 2]) return {FAILED};
  return 0;
}}
"""
)
TABLE: Final = (
    HEAD
    + """static u64 f0(u64 x, u64 y) { return x + y * 3; }
static u64 f1(u64 x, u64 y) { return (u64)(i64)(int)(x - y); }
static u64 f2(u64 x, u64 y) { return (u32)x * (u32)y; }
static u64 f3(u64 x, u64 y) { return x > y ? x - y : (y ^ x); }
extern u64 other(u64, u32);
static u64 (*const TABLE[4])(u64, u64) = {f0, f1, f2, f3};
"""
)


def draw(chance: random.Random, depth: int, names: list[str]) -> str:
    """A random expression."""
    if depth == 0 or chance.random() < 0.15:
        small = (0, 1, 2, 7, 31, 255, 65_535, 0x7FFFFFFF, chance.getrandbits(31))
        return chance.choice([*names, str(chance.choice(small)), f"{chance.getrandbits(64)}ull"])
    a, b = (draw(chance, depth - 1, names) for _ in range(2))
    w, v, t = chance.choice(("u32", "u64")), chance.choice(("u32", "u64")), chance.choice(TYPES)
    return chance.choice(
        (
            f"(({w})({a}) {chance.choice('+-*&|^')} ({v})({b}))",
            f"(({w})({a}) {chance.choice('+-*&|^')} ({v})({b}))",
            f"(({t})({a}))",
            f"(({chance.choice(('u32', 'u64', 'int', 'i64'))})({a}) >> {chance.randrange(32)})",
            f"(({w})({a}) << {chance.randrange(32)})",
            f"((({t})({a}) {chance.choice(('<', '>', '==', '!=', '<=', '>='))} ({t})({b})) ? (u64)({a}) : (u64)({b}))",
            f"(({w})({a}) {chance.choice('/%')} (({v})({b}) | 1u))",
            f"TABLE[({a}) & 3](({a}), ({b}))",
            f"__builtin_bswap{chance.choice((16, 32, 64))}({a})",
            f"other((u64)({a}), (u32)({b}))",
        )
    )


def write_program(chance: random.Random) -> str:
    """A function `compute` of two numbers."""
    names = ["a", "b", "(u64)(u32)a", "(u64)(i64)(int)b"]
    lines = [f"u64 v{i} = {draw(chance, 3, [*names, *(f'v{j}' for j in range(i))])};" for i in range(4)]
    return TABLE + f"u64 compute(u64 a, u64 b) {{ {' '.join(lines)} return v0 ^ (v1 * 3) ^ (v2 + (v3 << 1)); }}\n"


def build_here(folder: Path) -> ctypes.CDLL:
    """The program for this machine, without optimisation."""
    command = [sys.executable, "-m", "ziglang", "cc", "-w", "-O0", "-fwrapv", "-fno-sanitize=all", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", "here.so", "compute.c", "other.c"], cwd=folder, check=True, capture_output=True)
    library = ctypes.CDLL(str(folder / "here.so"))
    library.compute.restype, library.compute.argtypes = ctypes.c_uint64, [ctypes.c_uint64] * 2
    return library


def build_there(folder: Path, level: tuple[str, ...], order: list[str]) -> bytes:
    """The program for sBPF, of three objects in this order."""
    kept = (flag for flag in build.FLAGS if not flag.startswith(("-W", "-O")))
    flags = (*kept, "-w", "-fwrapv", *level)
    return link([read_object(build.compile_object(folder / f"{name}.c", flags)) for name in order])


def run_there(program: bytes, rows: bytes) -> None:
    """Run it; Refused where a result differs."""
    machine, id_ = Machine(), key_of("fuzzed").pubkey()
    machine.svm.add_program_with_loader(id_, program, LOADER)
    machine.send([Call(id_, rows, [])])


@pytest.mark.slow
@pytest.mark.parametrize("i", range(PROGRAMS))
def test_program__random_c__computes_what_this_machine_computes(tmp_path: Path, i: int) -> None:
    chance = random.Random(SEED + i)
    for name, text in (("compute", write_program(chance)), ("other", OTHER), ("entry", ENTRY)):
        (tmp_path / f"{name}.c").write_text(text)
    here = build_here(tmp_path)
    pairs = [(chance.getrandbits(64), chance.getrandbits(64)) for _ in range(10)]
    pairs += [(chance.choice(EDGES), chance.choice(EDGES)) for _ in range(12)]
    program = build_there(tmp_path, LEVELS[i % len(LEVELS)], chance.sample(["compute", "other", "entry"], 3))
    run_there(program, b"".join(struct.pack("<3Q", a, b, here.compute(a, b)) for a, b in pairs))
    a, b = pairs[0]
    with pytest.raises(Refused):
        run_there(program, struct.pack("<3Q", a, b, here.compute(a, b) ^ 1))
