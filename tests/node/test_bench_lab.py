"""`zklink bench lab`: what runs on a chain here is what it counts; its part of the page."""

from pathlib import Path

from tests.support.engines import note_engine
from zklink.bench.lab_kit import COUNTER, ENGINES, LabFigures, make_plain, measure_calls, measure_steps
from zklink.bench.lab_page import render_lab
from zklink.bench.local_chains import ChainFigures
from zklink.lab.chain import ChainSpec
from zklink.lab.faults import Delayed, Forged, Halt, Repeated
from zklink.lab.machines import Machine, invariant, step


def test_measure_calls__revm__each_call_was_counted(tmp_path: Path) -> None:
    note_engine("revm")
    (tmp_path / "Counter.vy").write_text(COUNTER)
    assert measure_calls("revm", tmp_path / "Counter.vy") > 0


class Walk(Machine):
    """Nothing but rounds; one step is beyond py-evm."""

    specs = (ChainSpec("one", 31_337),)
    examples = 1
    most_steps = 4
    fault_kinds = (Halt,)

    def deploy(self) -> None:
        """Nothing is needed."""

    @step()
    def reorganise(self) -> None:
        raise AssertionError("py-evm cannot")

    @invariant()
    def has_blocks(self) -> None:
        assert self.world.chain("one").w3.eth.block_number >= 0


def test_measure_steps__plain_machine__runs_on_either_engine_without_what_one_of_them_cannot_do() -> None:
    plain = make_plain(Walk)
    assert plain.fault_kinds == (Repeated, Delayed, Forged)
    for engine in ENGINES:
        assert measure_steps(plain, engine) > 0


def test_render__what_is_not_installed__is_said() -> None:
    chains = [ChainFigures("revm", 4_000, 500, 200, 0.0003, 0.02)]
    page = render_lab(
        chains, LabFigures({"revm": 1_234.5, "titanoboa": None}, 321.0, {"revm": 99.0, "test": 15.0}, 7.25), "idle"
    )
    assert "| `revm` | 1,234/s |" in page and "| `titanoboa` | not installed |" in page
    assert "halts, on `test` | 15/s |" in page
    assert "| 321/s |" in page and "| 7.2 a minute |" in page and "| `revm` | 4,000/s | 500/s |" in page
