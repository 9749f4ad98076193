"""The benchmark of hashes, the workers' model, and the history of releases with its plot."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from zklink.bench import hashing, history
from zklink.bench.hashing import HashFigures, measure_hashes
from zklink.bench.history import draw_plot, list_curves, note_figures, read_lines
from zklink.bench.pool_model import PoolModel
from zklink.bench.prover_pool import PoolFigures
from zklink.bench.speed_page import render_hashes, render_pools
from zklink.protocol.ids import Lane


def test_measure_hashes__one_number_of_inputs__every_way_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "COUNTS", (1,))
    monkeypatch.setattr(hashing, "ROUNDS", 1)
    monkeypatch.setattr(hashing, "ROWS", hashing.SINGLES)
    [figures] = measure_hashes()
    assert figures.inputs == 1 and min(figures.plain, figures.single, figures.batch, figures.best) > 0


@pytest.mark.parametrize(
    ("lanes", "shown"), [(2.5, "| 2.50 | 8.0 times | 200 times |"), (None, "| - | - | 25 times |")]
)
def test_render_hashes__with_and_without_lanes__has_a_row(lanes: float | None, shown: str) -> None:
    figures = HashFigures(4, 500.0, 22.0, 20.0, lanes, lanes)
    assert figures.best == (lanes or 20.0)
    assert shown in render_hashes([figures], (90.0, 11.0), "quiet")


def test_predict__few_and_many_workers__as_they_share_cores() -> None:
    """A witness of one second and a proof of two on four cores: nine core-seconds."""
    model = PoolModel(1.0, 2.0, cores=4, slots=16)
    assert model.core_seconds == 9.0 and model.witness_share == 1 / 9
    assert model.predict(1) == 1 / 3
    assert model.predict(2) == 2 / 5  # each on two cores
    assert model.predict(4) == model.predict(8) == 4 / 9
    assert model.count_cores(100) == 57  # 100 * 9 / 16 = 56.25


def test_render_pools__a_worker_alone__makes_the_model() -> None:
    alone = PoolFigures(Lane.SWAP, 16, "one", 1, 10, 30.0, 3.5, 1.0, 2.0)
    both = PoolFigures(Lane.SWAP, 16, "two", 2, 10, 24.0, 5.0, 1.5, 3.0)
    text = render_pools([alone, both], "compact", "quiet")
    assert "| one | 10 swap | 30.0 s | 0.33 | 0.33 | 3.50 s |" in text
    assert "| swap, 16 a block | 1.00 s | 2.00 s |" in text


def test_note_figures__again_and_elsewhere__one_line_for_release_and_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases = iter(["0.1.0", "0.1.0", "0.1.0", "0.2.0"])
    monkeypatch.setattr(history, "version", lambda _: next(releases))
    note_figures(tmp_path, "A, 2 cores", "quiet", {"hash_us": 3.0})
    note_figures(tmp_path, "A, 2 cores", "quiet", {"hash_us": 2.5, "proofs_per_s": 2.0})
    note_figures(tmp_path, "B", "BUSY", {"hash_us": 8.0})
    note_figures(tmp_path, "A, 2 cores", "quiet", {"hash_us": 1.25, "proofs_per_s": 3.0})
    lines = read_lines(tmp_path)
    assert [(line["release"], line["machine"], line["hash_us"]) for line in lines] == [
        ("0.1.0", "A, 2 cores", "2.5"),
        ("0.1.0", "B", "8"),
        ("0.2.0", "A, 2 cores", "1.25"),
    ]
    curves = {curve.name: curve.points for curve in list_curves(lines)}
    assert curves["hash of four elements in a batch (A, 2 cores)"] == ((0, 1.0), (1, 2.0))
    assert curves["proofs of two processes (A, 2 cores)"] == ((0, 1.0), (1, 1.5))
    assert curves["hash of four elements in a batch (B)"] == ((0, 1.0),)
    drawn = (tmp_path / history.PLOT).read_text()
    assert drawn == draw_plot(lines) and len(ElementTree.fromstring(drawn).findall("{*}circle")) == 5
