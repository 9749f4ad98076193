"""The generated constants are those of the Python core, and the files on disk are up to date."""

import re
from pathlib import Path

import pytest

from zklink.protocol import ids, words
from zklink.protocol.render_constants import render_all, render_circom_constants, render_vyper_constants

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted(render_all()))
def test_render_all__file_on_disk__is_up_to_date(path: str) -> None:
    assert (ROOT / path).read_text() == render_all()[path]


def test_render_vyper__every_field__has_its_shift() -> None:
    found = dict(re.findall(r"^(\w+): constant\(uint256\) = (\d+)$", render_vyper_constants(), re.MULTILINE))
    for layout in (*words.RECORD_LAYOUTS, *words.MESSAGE_LAYOUTS):
        for field in layout.fields:
            assert found[f"{layout.name}_{field.name}_shift".upper()] == str(field.shift)
    for kind in ids.Kind:
        assert found[f"{kind.name}_KIND"] == str(kind.value)
    assert found["CUSTODY_LIMIT"] == str(ids.CUSTODY_LIMIT)


def test_render_vyper__names__are_unique() -> None:
    names = re.findall(r"^(\w+): constant", render_vyper_constants(), re.MULTILINE)
    assert len(names) == len(set(names))


def test_render_circom__integers__are_those_of_vyper() -> None:
    vyper = dict(re.findall(r"^(\w+): constant\(uint256\) = (\d+)$", render_vyper_constants(), re.MULTILINE))
    circom = dict(re.findall(r"^function (\w+)\(\) \{ return (\d+); \}$", render_circom_constants(), re.MULTILINE))
    of_calls_and_clocks = ("_RING", "_GROUP", "_SECONDS", "_PRICE")
    only_vyper = {"R", "Q", "SIGNATURE_BYTES", "HALF_ORDER", "DAY", "PRICE_KINDS"}
    only_vyper |= {
        name
        for name in vyper
        if (name.startswith(("MAX_", "CLASS_")) and name != "MAX_CHAINS") or name.endswith(of_calls_and_clocks)
    }
    assert circom == {name: value for name, value in vyper.items() if name not in only_vyper}
