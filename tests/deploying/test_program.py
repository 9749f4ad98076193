"""A deployment with a Solana chain: from the environment file to a record that agrees with every chain."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from tests.deploying.solana import LOCK, OWNER, PAYER, PROGRAM, SOL, SOLANA, Built, Star
from tests.deploying.test_verify import find_wrong
from tests.deploying.testnets import FUJI, SEPOLIA
from zklink.cli.deploy_plan import show_plan
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.rehearsal import read_keys
from zklink.l1.deployment.trust import describe_trust
from zklink.l1.deployment.verify import load_named_verifiers, verify
from zklink.lab.solana.base import MAINNET
from zklink.protocol.errors import CodeUnexpected, FoundingOver, ZkLinkError
from zklink.protocol.ids import FOUNDING_SECONDS
from zklink.recovery.connect import check_file
from zklink.service.deploying.building import Prepared
from zklink.service.deploying.planning import plan_project
from zklink.service.deploying.program_checks import verify_programs
from zklink.service.deploying.program_sides import open_desks
from zklink.service.settings.deployer import read_environment
from zklink.solana.deploying.loader import read_program_data
from zklink.solana.deploying.preflight import check_keys
from zklink.solana.deploying.verify import verify_program
from zklink.solana.deploying.verify_timelock import OWNER as OWNER_CHECK
from zklink.solana.deploying.works import ProgramWorks
from zklink.solana.interface import accounts
from zklink.solana.interface.timelock import accounts as lock_accounts
from zklink.upkeep.recorded_acts import verify_acts
from zklink.upkeep.recorded_tokens import list_other_symbols


def test_build__two_networks_and_solana__stands_as_recorded(built: Built) -> None:
    star, dossier = built.star, built.dossier
    assert Dossier.from_json(dossier.to_json()) == dossier
    check_file(dossier.deployment)
    place = dossier.deployment.programs[SOLANA]
    assert place.bridge == str(built.side.program.bridge)
    assert 0 < place.from_block <= built.sent[0].slot
    landed = {str(entry.signature) for entry in built.sent}
    steps = dossier.programs[SOLANA].transactions
    assert set(steps.values()) <= landed and {"program", "init", "founding"} <= steps.keys()
    programs = tuple(verify_programs(dossier, {SOLANA: star.desk().node}))
    wrong = find_wrong((*verify(dossier, star.networks.clients), *programs))
    assert wrong == {"Timelock: owner"}, "the governor of the EVM chains has not accepted yet"
    assert len(programs) > 80
    assert all(check.is_right for check in verify_acts(dossier, star.networks.clients))
    assert list(list_other_symbols(dossier, star.networks.clients)) == []


def test_build__the_plan__said_what_it_took(built: Built) -> None:
    """To the lamport, but for fees, which are at most what it said."""
    cost, fees = built.cost, sum(int(entry.meta.fee()) for entry in built.sent)
    assert cost.transactions == len(built.sent)
    assert [entry for entry in built.sent if entry.error is not None] == []
    for rent in cost.rents:
        found = built.star.chain.rpc("getBalance", rent.address, {"commitment": "processed"})
        assert (rent.what, found["value"]) == (rent.what, rent.lamports)
    assert fees <= cost.fees


def test_show_plan__a_side__has_its_accounts_and_where_the_money_must_be(star: Star, tmp_path: Path) -> None:
    text = "\n".join(show_plan(star.prepare(tmp_path)))
    assert f"program {PROGRAM.pubkey()}, SHA-256 " in text
    assert "solana: 1" in text and f"the payer {PAYER.pubkey()} has 100.000000 SOL: enough" in text
    assert "swap queue" in text and "786,640 bytes" in text


REFUSED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "one keypair twice": ({'"timelock.json"': '"program.json"'}, "payer, program and timelock need a keypair each"),
    "an owner that pays": ({str(OWNER.pubkey()): str(PAYER.pubkey())}, "is the payer: name another one"),
    "an owner that is a program": ({str(OWNER.pubkey()): str(LOCK.pubkey())}, "is the address of a program"),
    "no owner": ({f'owner = "{OWNER.pubkey()}"': 'owner = ""'}, "owner: fill in an address"),
    "an EVM address": ({f'owner = "{OWNER.pubkey()}"': f'owner = "0x{"11" * 20}"'}, "no address of Solana"),
    "a chain id twice": ({"chain_id = 5": "chain_id = 4"}, "solana and fuji have one protocol id, 4"),
    "a price of nothing": ({"swap = 300_000": "swap = 0"}, "prices.swap"),
    "no keypair": ({'"payer.json"': '"nobody.json"'}, "nobody.json"),
    "a contract for a mint": ({'solana = "native"': f'solana = "0x{"11" * 20}"'}, "give a mint in base58"),
    "a mint for a contract": ({'{ sepolia = "native" }': f'{{ sepolia = "{OWNER.pubkey()}" }}'}, "give a contract, 0x"),
    "no mint": ({'solana = "native"': f'solana = "{OWNER.pubkey()}"'}, "is no mint of SPL Token or Token-2022"),
    "too many decimals": ({"layer2_decimals = 9": "layer2_decimals = 12"}, "SOL has 9 decimals, which do not fit 12"),
    "too large a minimum": ({"minimum = 1_000_000\n": f"minimum = {2**64}\n"}, "amounts there have 64 bits"),
}


@pytest.mark.parametrize("changes, said", REFUSED.values(), ids=REFUSED)
def test_prepare__mistake_about_solana__refused_with_what_to_do(
    star: Star, tmp_path: Path, changes: Mapping[str, str], said: str
) -> None:
    with pytest.raises(ZkLinkError, match=said):
        star.prepare(tmp_path, changes)
    assert not (tmp_path / "pair.journal").exists()


def test_prepare__another_cluster__refused_with_both(star: Star, tmp_path: Path) -> None:
    main = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
    genesis = str(star.chain.rpc("getGenesisHash"))
    with pytest.raises(
        ZkLinkError, match=rf"serves the cluster {genesis}, and the file says {main} \(the main network"
    ):
        star.prepare(tmp_path, {genesis: main})


def test_prepare__keypair_of_a_program_that_is_there__refused(built: Built, tmp_path: Path) -> None:
    with pytest.raises(ZkLinkError, match=r"is the address of a program already, or was one.*solana-keygen new"):
        built.star.prepare(tmp_path)


def test_prepare__lamports_where_the_code_would_be__refused(star: Star, tmp_path: Path) -> None:
    side = star.prepare(tmp_path).sides[SOLANA].side
    People(star.chain, PAYER).fund(side.loadings[1].data, SOL)
    star.chain.finalize()
    with pytest.raises(ZkLinkError, match="take another keypair for the timelock"):
        star.prepare(tmp_path)


def test_check_funds__payer_without_enough__says_how_much(star: Star, tmp_path: Path) -> None:
    poor = key_of("poor")
    People(star.chain, PAYER).fund(poor.pubkey(), SOL)
    star.chain.finalize()
    prepared = star.prepare(tmp_path, payer=poor)
    with pytest.raises(ZkLinkError, match=rf"solana: the payer {poor.pubkey()} has 1.000000 SOL, and the deployment"):
        prepared.check_funds()


def test_prepare__door_prices__every_chain_has_one_for_swaps_to_solana(star: Star, tmp_path: Path) -> None:
    plan = star.prepare(tmp_path).project.plan
    for chain in (SEPOLIA.chain_id, FUJI.chain_id):
        prices = {entry.kind: entry.price_gwei for entry in plan.prices[chain]}
        assert prices[SOLANA] > 0
    assert {entry.kind for entry in plan.terms[SOLANA].prices} == {1, 4, 5, 9, 10, 11, 12}


def test_plan_project__a_program_called_like_a_chain__refused(star: Star, tmp_path: Path) -> None:
    star.write(tmp_path).project(tmp_path)
    settings = read_environment(tmp_path / "pair.toml", {})
    twice = settings.model_copy(update={"programs": {"fuji": settings.programs["solana"]}})
    with pytest.raises(ZkLinkError, match="fuji is the name of a chain and of a program"):
        plan_project("pair", twice)


def test_open_desks__no_node_named__says_where_to_name_one(star: Star, tmp_path: Path) -> None:
    project = star.write(tmp_path).project(tmp_path)
    with pytest.raises(ZkLinkError, match="no node for solana: name one as `nodes` in the file, or as SOLANA_RPC"):
        open_desks(project, {})
    assert open_desks(project, {"SOLANA_RPC": "http://node.example"})[SOLANA].payer == PAYER


def test_prepare_sides__development_keys_on_the_main_network__refused() -> None:
    main = ProgramDeployment(SOLANA, "solana", MAINNET, str(PROGRAM.pubkey()), str(OWNER.pubkey()), 0)
    with pytest.raises(ZkLinkError, match=r"SwapVerifierMinimal has a development key.*Solana's main network"):
        check_keys(("SwapVerifierMinimal",), main)
    check_keys((), main)


def test_build__lamports_sent_ahead_everywhere__changes_nothing(star: Star, tmp_path: Path) -> None:
    """A stranger sends lamports to every address that has none yet, but for those that the loader itself makes."""
    prepared = star.prepare(tmp_path)
    people, side = People(star.chain, PAYER), prepared.sides[SOLANA].side
    codes = {str(loading.data) for loading in side.loadings}
    for rent in prepared.sides[SOLANA].cost.rents:
        if rent.address not in codes:
            people.fund(Pubkey.from_string(rent.address), 1_000_000)
    for loading in side.loadings:
        people.fund(loading.buffer.key, 1_000_000)
    star.chain.finalize()
    works = ProgramWorks(side, star.desk(), prepared.journal)
    works.load()
    works.found()
    star.chain.finalize()
    checks = verify_program(side, star.desk().node, prepared.blueprint.deployment_hash())
    assert find_wrong(checks) == {OWNER_CHECK}


def test_build__final__nobody_may_upgrade_the_program(star: Star, tmp_path: Path) -> None:
    prepared = star.prepare(tmp_path, {"chain_id = 5": "chain_id = 5\nis_final = true"})
    side = prepared.sides[SOLANA].side
    works = ProgramWorks(side, star.desk(), prepared.journal)
    works.load()
    works.found()
    star.chain.finalize()
    [found] = star.desk().node.accounts([str(side.loadings[0].data)])[1]
    assert found is not None
    loaded = read_program_data(found.data)
    assert loaded is not None and loaded.authority is None


def open_works(star: Star, prepared: Prepared) -> ProgramWorks:
    """As a process does it that begins, with the journal that is there."""
    return ProgramWorks(prepared.sides[SOLANA].side, star.desk(), Journal(prepared.journal.path))


class Stopped(Exception):
    """A run ends here."""


def stop_before(star: Star, prepared: Prepared, last: str) -> ProgramWorks:
    """Build a side up to a step; gives works that go on."""

    def report(chain: str, step: str) -> None:
        if step == last:
            raise Stopped

    works = open_works(star, prepared)
    works.report = works._steps.report = report
    with pytest.raises(Stopped):
        works.load()
        works.found()
    return open_works(star, prepared)


def test_found__the_doors__open_when_nobody_can_do_anything_at_once(star: Star, tmp_path: Path) -> None:
    """In the founding its owner could let the timelock upgrade the program; so its end opens the doors."""
    prepared = star.prepare(tmp_path)
    works = stop_before(star, prepared, "founding")
    before = works._known_bridge(), works._known_timelock()
    assert works._is_founding() and before[0]["group_counts"][1] == 0
    assert before[1]["coming_owner"] == bytes(32), "nobody takes over a timelock that is being founded"
    [found] = star.desk().node.accounts([str(works.side.loadings[0].data)], "confirmed")[1]
    assert found is not None
    loaded = read_program_data(found.data)
    assert loaded is not None and loaded.authority == works.side.lock.address
    since = len(star.chain.ledger.entries)
    works.found()
    assert len(star.chain.ledger.entries) == since + 1
    assert works._known_bridge()["group_counts"][1] == 3 and not works._is_founding()


@pytest.mark.parametrize("step", ["prices", "token 2", "validators", "founding"])
def test_found__its_week_is_over__says_what_is_missing_and_what_can_be_done(
    star: Star, tmp_path: Path, step: str
) -> None:
    works = stop_before(star, star.prepare(tmp_path), step)
    star.chain.advance_time(FOUNDING_SECONDS)
    star.chain.mine(6)
    since = len(star.chain.ledger.entries)
    with pytest.raises(
        FoundingOver, match=f"is over, and {step} is missing: propose it .55 days., or begin anew with new keypairs"
    ):
        works.found()
    assert len(star.chain.ledger.entries) == since


def test_found__all_is_there_and_the_week_is_over__is_done(built: Built, tmp_path: Path) -> None:
    """As if nobody had closed it."""
    lock, at = built.side.lock.address, lock_accounts.TIMELOCK.offset("founding_ends")
    data = bytearray(built.read(lock).data)
    data[at : at + 8] = built.star.chain.head_timestamp().to_bytes(8, "little")
    built.put(lock, bytes(data))
    built.star.chain.mine(6)
    works = ProgramWorks(built.side, built.star.desk(), Journal(tmp_path / "again.journal"))
    since = len(built.star.chain.ledger.entries)
    works.found()
    assert len(built.star.chain.ledger.entries) == since
    assert built.find_wrong() == set()


@pytest.mark.parametrize("group", ["validators", "watchers"])
def test_found__a_group_with_another_threshold__is_no_group_of_this_plan(
    built: Built, tmp_path: Path, group: str
) -> None:
    at = accounts.BRIDGE.offset("group_thresholds") + 8 * (group == "watchers")
    built.flip(built.side.program.bridge, at)
    works = ProgramWorks(built.side, built.star.desk(), Journal(tmp_path / "again.journal"))
    built.star.chain.mine(6)
    with pytest.raises(CodeUnexpected, match=f"the group of {group}"):
        works.found()


@pytest.mark.parametrize(
    "is_final, said", [(False, "it can replace the program"), (True, "nobody replaces the program")]
)
def test_describe_trust__with_solana__says_who_owns_its_timelock(built: Built, is_final: bool, said: str) -> None:
    terms = replace(built.dossier.programs[SOLANA], is_final=is_final)
    dossier = replace(built.dossier, programs={SOLANA: terms})
    lines = list(describe_trust(dossier, read_keys(load_named_verifiers(dossier))))
    [owner] = [line for line in lines if line.startswith(f"On solana the owner of the timelock, {OWNER.pubkey()}")]
    assert said in owner
    assert "The issuer of USDC on solana, sepolia, fuji: without a cap" in lines
    assert not [line for line in lines if line.startswith("The issuer of SOL")]
