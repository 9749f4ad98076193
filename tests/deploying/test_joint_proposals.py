"""`ape run proposals` compares a Solana chain with the others: what is alike, what one lacks, what is its own."""

from pathlib import Path

import pytest
from eth_account import Account

from tests.deploying.joint_desk import ANYBODY, JointDesk
from tests.deploying.solana import OWNER, SOLANA, Built
from zklink.cli import program_sending
from zklink.devnet.solana.mints import make_mint
from zklink.devnet.solana.people import Desk as People
from zklink.devnet.solana.people import key_of
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.l1.deployment.records import TokenPlan
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS, Amount, TokenId

NEW = ("--id", "6", "--symbol", "NEW", "--decimals", "6", "--least", "1000", "--cap", "5000000000")
OTHERS = [Account.from_key(bytes([0x70 + i]) * 32).address for i in range(3)]
AT = ("--at", "fuji=coin")
WAIT_DAYS = GROUP_DELAY_SECONDS // DAY


@pytest.fixture
def desk(quick: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JointDesk:
    return JointDesk(quick, tmp_path, monkeypatch)


def test_a_token__proposed_everywhere__said_alike_and_executed(desk: JointDesk) -> None:
    chain = desk.built.star.chain
    mint = make_mint(People(chain, ANYBODY), key_of("new mint"), 6, ANYBODY.pubkey())
    at = ("--at", "fuji=coin", "--at", f"solana={mint}")
    desk.govern("register-token", *NEW, *at)
    desk.program("register-token", *NEW, *at)
    shown = desk.proposals()
    [title, alike, *rest] = shown.splitlines()
    assert title.startswith("register token 6 on fuji, solana: ")
    assert alike == "  the chains say the same where they must" and "NOT ALIKE" not in shown
    assert [line.split(":")[0].strip() for line in rest if ": waits, from" in line] == ["sepolia", "fuji", "solana"]
    desk.wait(WAIT_DAYS)
    assert "executed: register token 6" in desk.program("execute", by=ANYBODY)
    assert "  the chains say the same" in desk.proposals(), "solana has executed its part already"
    assert desk.govern("execute").count("executed: register token 6") == 2
    assert desk.proposals() == "nothing waits\n"


def test_a_token__not_proposed_on_solana__said_by_name(desk: JointDesk) -> None:
    desk.govern("register-token", *NEW, *AT)
    shown = desk.proposals(code=1)
    assert "  NOT ALIKE: solana says nothing, others say register token 6 " in shown


def test_a_token__proposed_on_solana_alone__said_who_lacks_it(desk: JointDesk) -> None:
    desk.program("register-token", *NEW, *AT)
    shown = desk.proposals(code=1)
    assert "  NOT ALIKE: sepolia does not say register token 6 " in shown and "; fuji does not say" in shown


def test_a_token__of_other_decimals_on_solana__both_said(desk: JointDesk) -> None:
    desk.govern("register-token", *NEW, *AT)
    desk.program("register-token", *NEW, *AT, "--decimals", "5")
    mask = 1 << next(k for k, place in desk.deployment.chains.items() if place.name == "fuji")
    said = f"NOT ALIKE: solana says register token 6 {mask} 5, others say register token 6 {mask} 6"
    shown = desk.proposals(code=1)
    assert said in shown and shown.count("waits, from") == 3, "all three of them under one title"


def test_a_token__proposed_twice_on_solana_once_with_other_decimals__not_alike(desk: JointDesk) -> None:
    """Anybody may execute the second one first, which makes the first one impossible."""
    desk.govern("register-token", *NEW, *AT)
    desk.program("register-token", *NEW, *AT)
    desk.program("register-token", *NEW, *AT, "--decimals", "5")
    shown = desk.proposals(code=1)
    assert shown.count("NOT ALIKE") == 1 and "sepolia does not say register token 6 " in shown


def test_a_token__beside_another_one_in_its_proposal_on_solana__not_alike(desk: JointDesk) -> None:
    """A proposal of Solana has several calls: each is compared, not just what another chain proposes, too."""
    desk.govern("register-token", *NEW, *AT)
    government = program_sending.open_program(desk.deployment, SOLANA, ())
    fuji = next(k for k, place in desk.deployment.chains.items() if place.name == "fuji")
    tokens = [TokenPlan(TokenId(k), f"N{k}", 6, {fuji: NATIVE}, Amount(1_000), Amount(5 * 10**9)) for k in (6, 7)]
    owner, calls = OWNER.pubkey(), [government.register(token) for token in tokens]
    desk.open_sender(government, OWNER).send("propose", [government.lock.propose(owner, owner, 1, calls)])
    [line] = [line for line in desk.proposals(code=1).splitlines() if "NOT ALIKE" in line]
    assert "sepolia does not say register token 7 " in line and "register token 6 " not in line


def test_limits_and_bounds_of_solana__its_own__on_it_alone(desk: JointDesk) -> None:
    desk.program("limits", "--token", "SOL", "--least", "5", "--cap", "7")
    shown = desk.proposals()
    assert "  on solana alone" in shown and "NOT ALIKE" not in shown


def announce(desk: JointDesk, threshold: int = 2) -> tuple[str, ...]:
    """Other watchers, as options."""
    coming = [word for member in OTHERS for word in ("--member", member)]
    return ("--group", "watchers", "--threshold", str(threshold), *coming)


def test_members__announced_on_some_chains__said_until_all_have_them(desk: JointDesk) -> None:
    desk.govern("members", *announce(desk))
    assert "  NOT ALIKE: solana says something else" in desk.proposals(code=1)
    desk.program("members", *announce(desk))
    shown = desk.proposals()
    assert "  the chains say the same" in shown and "  solana: waits, until" in shown
    assert "in their place" not in desk.program("execute", by=ANYBODY)
    desk.wait(WAIT_DAYS)
    assert "  solana: anybody can execute it" in desk.proposals()
    assert "solana: in their place: 3 watchers" in desk.program("execute", by=ANYBODY)
    assert "  the chains say the same" in desk.proposals(), "solana has them in their place"
    assert desk.govern("execute").count("in their place: 3 watchers") == 2
    assert desk.proposals() == "nothing waits\n"


def test_members__of_another_threshold_on_solana__said(desk: JointDesk) -> None:
    desk.govern("members", *announce(desk))
    desk.program("members", *announce(desk, threshold=3))
    assert "  NOT ALIKE: solana says something else" in desk.proposals(code=1)


def test_members__taken_back_on_solana__wait_no_more(desk: JointDesk) -> None:
    desk.program("members", *announce(desk))
    assert "sepolia, fuji says something else" in desk.proposals(code=1)
    desk.program("withdraw-members")
    assert desk.proposals() == "nothing waits\n"
