"""A kill at any moment costs nothing twice: what was begun goes on, and each contract is created once."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.deploying.testnets import Networks
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.verify import verify_code
from zklink.l1.deployment.works import Works

CONTRACTS = 12
TOKENS = 2
OTHERS = 2
"""The owner is named and the founding closed."""


class Killed(BaseException):
    """The process ends here."""


def kill_at(monkeypatch: pytest.MonkeyPatch, line: int, is_after: bool) -> None:
    """From now on the process ends before it writes this line of a journal, or right after."""
    write = Journal._append
    written = 0

    def append(journal: Journal, kind: str, entry: dict[str, Any]) -> None:
        nonlocal written
        if written == line and not is_after:
            raise Killed
        write(journal, kind, entry)
        written += 1
        if written == line and is_after:
            raise Killed

    monkeypatch.setattr(Journal, "_append", append)


def test_build__killed_at_every_line_of_the_journal__deploys_nothing_twice(networks: Networks, tmp_path: Path) -> None:
    """Each run begins with what the last one left, and ends one, two or three lines further on."""
    nonces = {k: client.nonce(networks.deployer.address) for k, client in networks.world.clients.items()}
    prepared = networks.prepare(tmp_path)
    for run in count():
        journal = Journal(prepared.journal.path)
        clients = networks.connect(journal, prepared.project)
        works = Works(prepared.blueprint, clients, networks.deployer, prepared.project.governor, journal)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, 1 + run // 2 % 3, is_after=bool(run % 2))
            try:
                works.run()
            except Killed:
                continue
        break
    dossier = networks.deploy(tmp_path)
    assert run > 2 * (CONTRACTS + TOKENS + OTHERS)
    for k, client in networks.world.clients.items():
        assert client.nonce(networks.deployer.address) == nonces[k] + CONTRACTS + TOKENS + OTHERS
    assert all(one.transaction and one.block for built in dossier.contracts.values() for one in built)
    assert [check for check in verify_code(dossier, networks.world.clients) if not check.is_right] == []
