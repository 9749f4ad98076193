"""From C to a program that Solana's loader takes: clang for BPF (PyPI's ziglang), and a linker of our own to sBPF v3.

Takes `contracts/solana/program.c`, or `timelock/timelock.c`, gives the bytes to deploy: the same ones on every machine.
"""

from zklink.solana.toolchain.build import build_program as build_program
from zklink.solana.toolchain.build import build_timelock as build_timelock
from zklink.solana.toolchain.build import has_compiler as has_compiler
