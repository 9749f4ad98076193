"""What a program may call: syscalls that are active on mainnet, by the hash of their name."""

from typing import Final

_TEXT: Final = """
    abort sol_panic_ sol_log_ sol_log_64_ sol_log_pubkey sol_log_compute_units_ sol_log_data
    sol_create_program_address sol_try_find_program_address sol_sha256 sol_keccak256 sol_secp256k1_recover
    sol_alt_bn128_group_op sol_alt_bn128_compression sol_get_clock_sysvar sol_get_rent_sysvar sol_get_sysvar
    sol_memcpy_ sol_memmove_ sol_memset_ sol_memcmp_ sol_get_stack_height sol_set_return_data sol_get_return_data
    sol_invoke_signed_c
"""
_NAMES: Final = frozenset(_TEXT.split())
_MASK: Final = 0xFFFFFFFF


def is_syscall(name: str) -> bool:
    """Whether a program may call it."""
    return name in _NAMES


def hash_name(name: str) -> int:
    """MurmurHash3 of 32 bits, seed 0: the number that a call names a syscall by."""
    data = name.encode()
    result, whole = 0, len(data) // 4 * 4
    for at in range(0, whole, 4):
        result ^= _mix(int.from_bytes(data[at : at + 4], "little"))
        result = (_rotate(result, 13) * 5 + 0xE6546B64) & _MASK
    if data[whole:]:
        result ^= _mix(int.from_bytes(data[whole:], "little"))
    result ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        result = (result ^ result >> shift) * factor & _MASK
    return result


def _mix(block: int) -> int:
    return _rotate(block * 0xCC9E2D51 & _MASK, 15) * 0x1B873593 & _MASK


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK
