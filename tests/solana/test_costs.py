"""What a swap costs on Solana in transactions, lamports and rent that is lent, with groups of 16 and full blocks of
preset `main`; and that the page says so.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from tests.docs.code_blocks import ROOT
from tests.solana.test_bringing import Actor, evidence_of
from tests.support.groups import KnownGroup
from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.founding import SRM
from tests.support.solana.machine import UNITS_LIMIT, key_of
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.site import Site
from zklink.protocol.ids import BlockNumber
from zklink.protocol.presets import MAIN
from zklink.solana.client.sending import Submission
from zklink.solana.interface import accounts

PAGE = (ROOT / "docs" / "performance.md").read_text().split("\n## Solana\n")[1].split("\n## ")[0]
"""What the page says of Solana."""
UNITS = Path(__file__).with_name("units.json")
SIZE, THRESHOLD = 16, 9
NEAR = 0.02
SMALL = 200
"""How far a figure of the page may be from the units of today: a share of them, or so many."""

Cost = tuple[int, int, int]
"""Transactions, their fees in lamports, bytes of the block's account."""


def open_site() -> Site:
    """A site with the largest groups, at a node."""
    site = Site(machine=LedgerMachine())
    groups = {name: KnownGroup.make(name, SIZE, THRESHOLD) for name in ("validator", "watcher")}
    site.groups = replace(site.groups, validators=groups["validator"], watchers=groups["watcher"])
    site.put_keys()
    site.init()
    for group in (1, 2):
        site.found_group(group, threshold=THRESHOLD)
    site.register_all()
    return site


def measure() -> dict[str, Cost]:
    """Blocks of 64 swaps from Solana, of 64 to it, of one, and of none; and a payout."""
    site = open_site()
    history, chain = History(site), site.machine.chain  # type: ignore[attr-defined]
    people = [key_of(f"person {i}").pubkey() for i in range(MAIN.slots)]
    site.make_holding(people[0], site.mints[SRM])
    requests = words_of(*(site.swap(l1_amount=10_000) for _ in people))
    payouts = words_of(*(paid_here(SRM, 1_000, person, id=i + 1) for i, person in enumerate(people)))
    chain.finalize()
    actor, found = Actor(site), dict[str, Cost]()
    sender, sent = actor.importer._sender, list[Submission]()
    sender._keep = sent.append
    one = paid_here(SRM, 900, people[0], id=len(people) + 1).words()
    blocks = (("64 from Solana", requests), ("64 to Solana", payouts), ("1 to Solana", one), ("none", ()))
    for name, words in blocks:
        made = history.make(words)
        paid, sent[:] = sender.paid, []
        account = actor.importer.bring(BlockNumber(made.number), made.member, evidence_of(made))
        history.root, history.number, history.sync_hash = made.member.block.new_root, made.number, made.sync_hash
        size = len(site.machine.data(account))
        actor.importer.execute(account)
        if name == "64 to Solana":
            before = sender.paid, len(sent)
            actor.payer.pay_all(account)
            found["a payout"] = len(sent) - before[1], sender.paid - before[0], 0
            paid, sent[before[1] :] = paid + sender.paid - before[0], []
        actor.importer.close(account)
        found[name] = len(sent), sender.paid - paid, size
    return found


def read_row(title: str) -> list[int]:
    """The numbers of a row of the page."""
    [row] = re.findall(rf"^\| {re.escape(title)} \|(.*)\|$", PAGE, re.MULTILINE)
    return [int(cell.strip().replace(",", "")) for cell in row.split("|") if re.fullmatch(r"\s*[\d,]+\s*", cell)]


def test_costs__full_blocks__are_those_of_the_page() -> None:
    for name, (transactions, lamports, size) in measure().items():
        assert read_row(name)[:3] == [transactions, lamports, size], (name, transactions, lamports, size)


def test_units__of_the_page__are_near_those_of_today() -> None:
    known = json.loads(UNITS.read_text())
    shown = {name: read_row(f"`{name}`")[0] for name in re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)}
    shown = {name: units for name, units in shown.items() if name in known}
    assert {name for name, units in known.items() if units > UNITS_LIMIT // 20} <= shown.keys() and len(shown) >= 30
    for name, units in shown.items():
        assert abs(units - known[name]) <= max(NEAR * known[name], SMALL), (name, units, known[name])


def test_sizes__of_accounts_that_are_lent__are_those_of_the_page() -> None:
    for name, layout in (("a fill", accounts.FILL), ("an exit", accounts.EXIT), ("a path", accounts.PATH)):
        assert read_row(name)[0] == layout.size
