"""The page for integrators, followed: its blocks in their order are one program, and it prints what the page shows."""

import json
from functools import partial
from pathlib import Path

import pytest

import zklink
from tests.client.wire import Wire
from tests.docs.code_blocks import ROOT, read_program
from zklink import Client

PAGE = ROOT / "docs" / "integrate.md"


def test_integrate__its_blocks_in_order__print_what_the_page_shows(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, shown = read_program(PAGE)
    (tmp_path / "devnet.json").write_text(json.dumps(wire.described))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zklink, "Client", partial(Client, transport=wire))
    exec(compile(program, str(PAGE), "exec"), {"__name__": "page"})
    assert capsys.readouterr().out == shown
