"""Which layout is taken, and code that is kept: compiled once for a processor, loaded afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prover.native.workbench import LAYOUTS, encode
from zklink.primitives.field import R
from zklink.primitives.native import layout as layouts
from zklink.primitives.native.layout import SWITCH, Layout, best_layout, is_supported
from zklink.prover.native import kernels
from zklink.prover.native.kernels import build_module, load_kernels
from zklink.prover.native.memory import Buffer


def test_best_layout__avx512_switched_off__scalar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert best_layout() is Layout.SCALAR and not is_supported(Layout.LANES)


def test_best_layout__processor_without_ifma__scalar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "has_features", lambda names: "avx512ifma" not in names)
    assert best_layout() is Layout.SCALAR


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
def test_load_kernels__second_process__compiles_nothing(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = load_kernels(layout)

    def refuse(_: object) -> bytes:
        raise AssertionError("the code is in the cache")

    monkeypatch.setattr(kernels, "compile_code", refuse)
    again = load_kernels.__wrapped__(layout)
    for each in (kept, again):
        out = Buffer.allot(2 * 32 * layout.lanes)
        each.call("multiply", encode([0] * 2 * layout.lanes), encode([R - 1] * 2 * layout.lanes), 2, out)
        assert not out.data.any()


@pytest.mark.parametrize("layout", Layout)
def test_build_module__either_layout__on_any_machine(layout: Layout) -> None:
    """Code for lanes is written on processors without them too; only running it takes one that has them."""
    names = {function.name for function in build_module(layout).functions}
    assert {"add_pairs1", "add_pairs2", "analyze", "rows", "digits"} <= names
