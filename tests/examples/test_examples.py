"""Each script under `examples/` runs, prints what its header says, and is short enough to be read at once."""

import runpy
from pathlib import Path
from typing import Final

import pytest

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS: Final = ("swap", "account", "exit", "verifier")
LONGEST: Final = 79


def read_promised(path: Path) -> list[str]:
    """The lines that the header promises, between `It prints:` and its end."""
    promised = path.read_text().split('"""')[1].partition("prints:\n")[2]
    return [line.strip() for line in promised.splitlines() if line.strip()]


@pytest.mark.parametrize("name", SCRIPTS)
def test_example__run_as_a_script__prints_what_its_header_says(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    path = EXAMPLES / f"{name}.py"
    runpy.run_path(str(path), run_name="__main__")
    promised = read_promised(path)
    assert promised
    assert capsys.readouterr().out.splitlines() == promised


def test_examples__all_of_them__are_run_and_short() -> None:
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert lengths.keys() == {*SCRIPTS, "local_operator", "client"}  # tests/client/test_wheel.py runs the client
    assert [name for name, length in lengths.items() if length > LONGEST] == []
