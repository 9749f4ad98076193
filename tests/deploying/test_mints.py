"""Which mints a deployment takes: those that the program takes, and no others."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.prover.cache import project_root
from zklink.solana.client.node import AccountData
from zklink.solana.deploying.mints import (
    EXTENSIONS,
    HARMLESS,
    SPL_TOKEN,
    TOKEN_2022,
    find_scale,
    most_cap,
    read_mint,
)

SPL: Path = project_root() / "contracts" / "solana" / "spl.h"


def encode_mint(extensions: list[tuple[int, bytes]], decimals: int = 6, freezes: bool = False) -> bytes:
    """A mint's account, with extensions as Token-2022 has them."""
    plain = bytes(44) + bytes([decimals, 1]) + int(freezes).to_bytes(4, "little") + bytes(32)
    if not extensions:
        return plain
    parts = [kind.to_bytes(2, "little") + len(data).to_bytes(2, "little") + data for kind, data in extensions]
    return plain.ljust(165, b"\0") + b"\x01" + b"".join(parts)


def read(data: bytes, owner: str = TOKEN_2022) -> object:
    return read_mint(AccountData(1, owner, data))


@given(st.lists(st.tuples(st.integers(1, 40), st.binary(max_size=80)), max_size=5), st.integers(0, 19), st.booleans())
@tries(100)
def test_read_mint__any_extensions__are_found_and_judged(
    extensions: list[tuple[int, bytes]], decimals: int, freezes: bool
) -> None:
    mint = read_mint(AccountData(1, TOKEN_2022, encode_mint(extensions, decimals, freezes)))
    assert mint is not None
    assert mint.extensions == tuple(kind for kind, _ in extensions)
    assert (mint.decimals, mint.can_freeze) == (decimals, freezes)
    assert len(mint.refused) == sum(kind not in HARMLESS for kind, _ in extensions)


@pytest.mark.parametrize(
    "data, owner",
    [
        (encode_mint([]), "11111111111111111111111111111111"),
        (encode_mint([])[:81], SPL_TOKEN),
        (bytes(82), SPL_TOKEN),
        (encode_mint([(18, b"")]), SPL_TOKEN),
        (encode_mint([(18, b"")])[:165] + b"\x02", TOKEN_2022),
        (bytes(165), TOKEN_2022),
    ],
)
def test_read_mint__what_is_none__is_none(data: bytes, owner: str) -> None:
    assert read(data, owner) is None


def test_harmless__is_what_the_program_takes() -> None:
    [(first, last)] = re.findall(r"type >= (\d+) && type <= (\d+)", SPL.read_text())
    assert (HARMLESS.start, HARMLESS.stop - 1) == (int(first), int(last))
    assert set(HARMLESS) <= EXTENSIONS.keys()


@pytest.mark.parametrize(
    "mint, decimals, layer2, scale",
    [
        ("mint", 6, 6, 1),
        ("mint", 9, 6, 1_000),
        ("mint", 5, 6, None),
        ("mint", 20, 6, None),
        ("mint", 19, 1, 10**18),
        ("mint", 19, 0, None),
        (NATIVE_MINT, 0, 9, 1),
        (NATIVE_MINT, 0, 10, None),
    ],
)
def test_find_scale__decimals__fit_or_do_not(mint: str, decimals: int, layer2: int, scale: int | None) -> None:
    assert find_scale(mint, decimals, layer2) == scale


@given(st.integers(0, 18))
@tries(19)
def test_most_cap__in_the_mints_units__is_the_last_that_fits(decimals: int) -> None:
    scale = 10**decimals
    assert most_cap(scale) * scale < 1 << 64 <= (most_cap(scale) + 1) * scale
