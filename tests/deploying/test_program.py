"""A deployment with a Solana chain: from the environment file to a record that agrees with every chain."""

from pathlib import Path

from tests.deploying.solana import SOLANA, Star
from tests.deploying.test_verify import find_wrong
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.verify import verify
from zklink.service.deploying.program_checks import verify_programs


def test_build__two_networks_and_solana__stands_as_recorded(star: Star, tmp_path: Path) -> None:
    prepared = star.prepare(tmp_path)
    side, began = prepared.sides[SOLANA], len(star.chain.ledger.entries)
    dossier = star.deploy(tmp_path)
    assert Dossier.from_json(dossier.to_json()) == dossier
    place = dossier.deployment.programs[SOLANA]
    assert place.bridge == str(side.side.program.bridge)
    assert began < place.from_block <= star.chain.height()
    star.chain.finalize()
    programs = tuple(verify_programs(dossier, {SOLANA: star.desk().node}))
    wrong = find_wrong((*verify(dossier, star.networks.clients), *programs))
    assert wrong == {"Timelock: owner"}, "the governor has not accepted yet"
    assert len(programs) > 80


def test_prepare__the_plan__says_what_it_will_take(star: Star, tmp_path: Path) -> None:
    cost = star.prepare(tmp_path).sides[SOLANA].cost
    entries = len(star.chain.ledger.entries)
    star.deploy(tmp_path)
    star.chain.finalize()
    sent = star.chain.ledger.entries[entries:]
    left = star.prepare(tmp_path).sides[SOLANA].cost
    assert cost.transactions == len(sent)
    assert cost.balance - left.balance == sum(rent.lamports for rent in cost.rents) + sum(
        int(entry.meta.fee()) for entry in sent
    )
    assert left.transactions == left.needed == 0
