"""What a stranger costs who names an account in many transactions of no use: a look reads a bounded number of them, and
what was done to the account is found all the same.
"""

import json
from collections.abc import Iterator

import httpx
import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from tests.solana.lossy_node import LossyNode
from tests.solana.test_payment_refusals import BOB, payout, prepare
from tests.support.solana.blocks import History, words_of
from tests.support.solana.founding import SRM
from tests.support.solana.machine import associated, key_of
from tests.support.solana.on_ledger import open_ledger_site
from tests.support.solana.site import Site
from zklink.broker.records import FillState
from zklink.lab.solana.chain import LocalSolana
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import Amount
from zklink.service.program_fills import ProgramFillPort
from zklink.solana.client.acts import MOST_READ, Act, ActReader, read_acts, read_next
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender

EVE = key_of("eve")
FEE = 600


@pytest.fixture(scope="module")
def opened() -> tuple[Site, LocalSolana]:
    site, chain = open_ledger_site()
    site.machine.fund(EVE.pubkey())
    return site, chain


@pytest.fixture
def site(opened: tuple[Site, LocalSolana]) -> Iterator[Site]:
    """A bridge on a chain, as it was."""
    site, chain = opened
    moment = chain.snapshot()
    yield site
    chain.restore(moment)


class CountingWay(LossyNode):
    """The way to a node, that counts the transactions which it is asked for."""

    asked = 0

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += json.loads(request.content)["method"] == "getTransaction"
        return super()._answer(request)

    def take_asked(self) -> int:
        """How many since the last time."""
        asked, self.asked = self.asked, 0
        return asked


def open_way(site: Site) -> tuple[CountingWay, SolanaNode]:
    """The way to a node of the site's chain, and its client."""
    way = CountingWay(site.machine.chain)  # type: ignore[attr-defined]
    return way, way.client()


def name_often(site: Site, place: Pubkey, times: int) -> None:
    """A stranger names an account so often, for next to nothing."""
    for lamports in range(site.machine.rent(0), site.machine.rent(0) + times):
        call = transfer(TransferParams(from_pubkey=EVE.pubkey(), to_pubkey=place, lamports=lamports))
        site.machine.send([call], EVE)


def settle(site: Site) -> None:
    """What was done is confirmed."""
    site.machine.chain.finalize()  # type: ignore[attr-defined]


def test_read_next__account_named_by_strangers__so_many_a_look_and_each_act_once(site: Site) -> None:
    settle(site)
    (way, node), program, place = open_way(site), Program(bytes(site.id)), str(site.bridge)
    _, last = read_next(node, program, place, None, is_first=True)
    way.take_asked()
    site.swap()
    name_often(site, site.bridge, 2 * MOST_READ)
    site.swap(l1_amount=1_000)
    settle(site)
    looks = []
    for _ in range(4):
        acts, last = read_next(node, program, place, last)
        looks.append([act.values["l1_amount"] for act in acts])
        assert way.take_asked() <= MOST_READ
    assert looks == [[5_000_000], [], [1_000], []]


def test_read__account_named_by_strangers__each_transaction_is_read_once(site: Site) -> None:
    name_often(site, site.bridge, 3 * MOST_READ)
    settle(site)
    (way, node), program, place = open_way(site), Program(bytes(site.id)), str(site.bridge)
    reader = ActReader(node, program)
    looks: list[tuple[list[Act], bool]] = []
    while not (looks and looks[-1][1]):
        looks.append(reader.read(place))
        assert way.take_asked() <= MOST_READ
    assert len(looks) >= 4 and looks[-1][0] == read_acts(node, program, place, most=1_000)
    way.take_asked()
    assert reader.read(place) == looks[-1] and way.take_asked() == 0
    site.swap()
    settle(site)
    acts, is_whole = reader.read(place)
    assert is_whole and acts[0].name == "swap" and acts[1:] == looks[-1][0] and way.take_asked() == 1


def test_fill_port__repayment_hidden_between_transactions_of_no_use__is_found_and_never_told_wrong(site: Site) -> None:
    history = prepare(History(site))
    filled, broker = payout(fill_fee=Amount(FEE)), site.broker.pubkey()
    place = site.fill_place(filled)
    name_often(site, place, MOST_READ)
    history.fill(filled, 1)
    block = history.bring(history.make(words_of(filled)))
    history.execute(block, SRM)
    repaid = {"repay_to": associated(broker, site.mints[SRM]), "fill_payer": broker}
    history.pay(block, 0, filled, repaid)
    name_often(site, place, 2 * MOST_READ)
    settle(site)
    (way, node), key = open_way(site), filled.fill_key(site.deployment_hash)
    port = ProgramFillPort(
        Program(bytes(site.id)), Sender(node, site.broker, pause=lambda _: None), site.deployment_hash
    )
    told: list[FillState | None] = []
    while FillState.EXECUTED not in told:
        try:
            told.append(port.fill_state(key))
        except RpcUnavailable as error:
            assert "not read to its end" in str(error)
            told.append(None)
        assert way.take_asked() <= MOST_READ
    assert told[:-1] and not any(told[:-1])
    found = port.find_repayment(key, 0)
    assert found is not None and (found.receiver, found.is_ours) == (str(repaid["repay_to"]), True)
    assert found.amount == 1_000 - (site.balance(SRM, BOB) - (1_000 - FEE))


def test_fill_port__payment_read_and_its_fill_not_yet__says_nothing_of_the_repayment(site: Site) -> None:
    """Or the broker's fill would count as somebody else's payment."""
    history = prepare(History(site))
    filled, broker = payout(fill_fee=Amount(FEE)), site.broker.pubkey()
    place = site.fill_place(filled)
    name_often(site, place, MOST_READ)
    history.fill(filled, 1)
    name_often(site, place, MOST_READ)
    block = history.bring(history.make(words_of(filled)))
    history.execute(block, SRM)
    repaid = {"repay_to": associated(broker, site.mints[SRM]), "fill_payer": broker}
    history.pay(block, 0, filled, repaid)
    settle(site)
    _, node = open_way(site)
    sender = Sender(node, site.broker, pause=lambda _: None)
    key = filled.fill_key(site.deployment_hash)
    port = ProgramFillPort(Program(bytes(site.id)), sender, site.deployment_hash)
    with pytest.raises(RpcUnavailable, match="not read to its end"):
        port.find_repayment(key, 0)
    port.fill_state(key)
    found = port.find_repayment(key, 0)
    assert found is not None and found.is_ours
