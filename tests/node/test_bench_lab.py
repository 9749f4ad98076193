"""`zklink bench lab`: what runs on a chain here is what it counts; its part of the page."""

from pathlib import Path

from tests.support.engines import note_engine
from zklink.bench.lab_kit import COUNTER, LabFigures, measure_calls
from zklink.bench.lab_page import render_lab
from zklink.bench.local_chains import ChainFigures


def test_measure_calls__revm__each_call_was_counted(tmp_path: Path) -> None:
    note_engine("revm")
    (tmp_path / "Counter.vy").write_text(COUNTER)
    assert measure_calls("revm", tmp_path / "Counter.vy") > 0


def test_render__what_is_not_installed__is_said() -> None:
    chains = [ChainFigures("revm", 4_000, 500, 200, 0.0003, 0.02)]
    page = render_lab(chains, LabFigures({"revm": 1_234.5, "titanoboa": None}, 321.0, 7.25), "idle")
    assert "| `revm` | 1,234/s |" in page and "| `titanoboa` | not installed |" in page
    assert "| 321/s |" in page and "| 7.2 a minute |" in page and "| `revm` | 4,000/s | 500/s |" in page
