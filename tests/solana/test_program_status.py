"""How a deployment with a Solana chain stands, for whoever looks once (`zklink status`)."""

import json

import pytest

from tests.solana.test_node_story import USD
from tests.solana.test_way_out import BOB, DAY, Rescue, accept_swap, fill, raise_false_end
from tests.solana.test_way_out import deployed as deployed
from tests.support.solana.account_doors import deposit
from tests.support.solana.star import SOLANA, SolanaStar
from zklink.devnet.tokens import USDC
from zklink.protocol.facts import Group
from zklink.protocol.ids import Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.upkeep.status import read_status
from zklink.upkeep.status_forms import encode_status, show_status
from zklink.upkeep.status_records import ChainStatus, Status, Unread, Urgency

pytestmark = pytest.mark.slow


def look(rescue: Rescue) -> tuple[Status, ChainStatus]:
    """The status now, and Solana's."""
    found = read_status(rescue.read, rescue.view.head().timestamp)
    [solana] = [each for each in found.chains if each.chain_id == SOLANA]
    assert isinstance(solana, ChainStatus)
    return found, solana


def kinds(status: Status) -> set[str]:
    """What is wrong on Solana."""
    return {alarm.kind for alarm in status.alarms if alarm.chain == "solana"}


def test_status__solana_lacks_a_block_and_waits__stands_in_the_same_table(star: SolanaStar) -> None:
    pipeline, site = fill(star), star.site
    rescue = Rescue(star)
    status, well = look(rescue)
    assert kinds(status) == {"authority_held"} and (well.lag, well.unpaid, well.lanes[0].waiting) == (0, 0, 0)
    [usdc] = well.tokens
    assert (usdc.symbol, usdc.custody, usdc.surplus) == ("USDC", site.books(USDC)["custody"], 0)
    accept_swap(star, pipeline)
    deposit(site, token=USDC, l1_amount=40 * USD)
    rescue.mine()
    status, behind = look(rescue)
    assert (behind.lag, behind.lanes[Lane.ACCOUNT - 1].waiting) == (1, 1)
    assert behind.missing == ["ACC of block 3 or a later one, by both groups"]
    shown, data = show_status(status), json.loads(encode_status(status))
    assert "solana" in shown and [each["name"] for each in data["chains"]] == ["polygon", "avalanche", "solana"]
    assert data["chains"][2]["authority"] == behind.authority != ""


def test_status__freeze_called_and_end_raised__act_now_with_the_windows(star: SolanaStar) -> None:
    pipeline = fill(star)
    accept_swap(star, pipeline)
    rescue = Rescue(star)
    raise_false_end(rescue)
    status, solana = look(rescue)
    assert "end_raised" in kinds(status) and status.urgency is Urgency.ACT_NOW
    assert solana.end_window is not None and solana.end is not None
    assert solana.end_window.ends_at == solana.end.raised_at + 3 * DAY
    rescue.sign_end(*Group)
    rescue.pass_days(3)
    rescue.leave([])
    status, solana = look(rescue)
    assert "exodus" in kinds(status) and solana.is_exodus and star.site.balance(USDC, BOB.pubkey()) == 200 * USD


def test_status__its_node_is_away__cannot_tell(star: SolanaStar) -> None:
    read = ChainsRead(star.deployment, star.bridges)
    status = read_status(read, 1, away={SOLANA: "no node is given"})
    [solana] = [each for each in status.chains if each.chain_id == SOLANA]
    assert isinstance(solana, Unread) and solana.reason == "no node is given"
    assert {alarm.urgency for alarm in status.alarms if alarm.chain == "solana"} == {Urgency.UNKNOWN}
