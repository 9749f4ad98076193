"""Bytecode that somebody might deploy, as Hypothesis strategies: short programs of storing, calling, creating, failing.

No program reads BASEFEE or BLOCKHASH: what revm answers there is under test on its own.
"""

from hypothesis import strategies as st

CONTRACTS = tuple("0x" + f"{0xC0DE00 + index:040x}" for index in range(3))
STRANGERS = ("0x" + "11" * 20, "0x" + "22" * 20)
"""Accounts that are not there at first."""

PRECOMPILES = tuple(f"0x{number:040x}" for number in range(1, 11))
SLOTS = 6
"""Programs use the slots from 0 below this."""

STOP = b"\x00"
_READS = bytes(
    [0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x58, 0x59, 0x5A]
)
"""Opcodes that push one word: the call's and the block's data, sizes, gas."""


def push(value: int) -> bytes:
    """The shortest PUSH."""
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([0x5F + len(data)]) + data


def store(code: bytes, slot: int) -> bytes:
    """SSTORE of what the code pushes."""
    return code + push(slot) + b"\x55"


slots = st.integers(0, SLOTS - 1)
words = st.one_of(st.integers(0, 3), st.sampled_from([2**255, 2**256 - 1]), st.integers(0, 2**256 - 1))
addresses = st.sampled_from([*CONTRACTS, *STRANGERS, *PRECOMPILES])


@st.composite
def calls(draw: st.DrawFn) -> bytes:
    """CALL, CALLCODE, DELEGATECALL or STATICCALL with the memory as input; its success goes to a slot."""
    opcode = draw(st.sampled_from([0xF1, 0xF2, 0xF4, 0xFA]))
    code = push(draw(st.sampled_from([0, 32, 64]))) + push(0) + push(draw(st.sampled_from([0, 4, 64, 192]))) + push(0)
    if opcode in (0xF1, 0xF2):
        code += push(draw(st.sampled_from([0, 0, 1, 10**30])))
    gas = draw(st.sampled_from([0, 2_300, 30_000, 10**9]))
    return store(code + push(int(draw(addresses), 16)) + push(gas) + bytes([opcode]), draw(slots))


@st.composite
def creations(draw: st.DrawFn) -> bytes:
    """CREATE or CREATE2 of a program of at most 32 bytes; the address goes to a slot."""
    init = draw(
        st.sampled_from(
            [
                bytes.fromhex("6001600055"),  # stores, no code
                bytes.fromhex("60aa5f5260016000f3"),  # returns a zero byte as code
                bytes.fromhex("60ef5f5360015ff3"),  # code that may not be: begins with 0xef
                bytes.fromhex("61600160005560005260206000f3"),
                bytes.fromhex("7133ff60005260026000f300000000000000005260126000f3"),
                bytes.fromhex("600160005533ff"),  # stores, and destroys itself at once
                bytes.fromhex("60015f5d5f5c5f555f5ffd"),  # transient storage, then reverts
                bytes.fromhex("fe"),
            ]
        )
    )
    memory = push(int.from_bytes(init.ljust(32, b"\x00"), "big")) + b"\x5f\x52"
    salt, opcode = (push(draw(st.integers(0, 1))), b"\xf5") if draw(st.booleans()) else (b"", b"\xf0")
    value = push(draw(st.sampled_from([0, 1])))
    return store(memory + salt + push(len(init)) + b"\x5f" + value + opcode, draw(slots))


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """LOG0 to LOG4."""
    topics = draw(st.lists(words, max_size=4))
    return b"".join(map(push, topics)) + push(draw(st.integers(0, 64))) + b"\x5f" + bytes([0xA0 + len(topics)])


plain = st.one_of(
    st.builds(lambda value, slot: store(push(value), slot), words, slots),
    st.builds(lambda read, slot: store(bytes([read]), slot), st.sampled_from(_READS), slots),
    st.builds(lambda slot, to: store(push(slot) + b"\x54", to), slots, slots),
    st.builds(lambda value, key: push(value) + push(key) + b"\x5d", words, slots),
    st.builds(lambda key, slot: store(push(key) + b"\x5c", slot), slots, slots),
    st.builds(
        lambda address, opcode, slot: store(push(int(address, 16)) + bytes([opcode]), slot),
        addresses,
        st.sampled_from([0x31, 0x3B, 0x3F]),
        slots,
    ),
    st.builds(lambda value, at: push(value) + push(32 * at) + b"\x52", words, st.integers(0, 5)),
    st.builds(lambda a, b, m, slot: store(push(m) + push(b) + push(a) + b"\x09", slot), words, words, words, slots),
    st.just(bytes.fromhex("60405f602037")),  # CALLDATACOPY
    st.just(bytes.fromhex("60205f60205e")),  # MCOPY
    st.builds(lambda slot: store(bytes.fromhex("60405f20"), slot), slots),
)
ends = st.one_of(
    st.just(STOP),
    st.sampled_from([bytes.fromhex("60405ff3"), bytes.fromhex("60405ffd"), b"\xfe", b"\x01", bytes.fromhex("60ff56")]),
    st.just(b"\x33\xff"),  # SELFDESTRUCT in favour of the caller
    st.just(b"\x30\xff"),  # .. of itself
)
programs = st.builds(
    lambda steps, end: b"".join(steps) + end,
    st.lists(st.one_of(plain, plain, plain, logs(), calls(), calls(), creations()), max_size=8),
    ends,
)
