"""The swap lane from the first request to the last payout, and what the program's words and hashes equal."""

from solders.pubkey import Pubkey

from tests.support.solana.blocks import History, paid_here, words_of
from tests.support.solana.deployment import deploy
from tests.support.solana.founding import CAKE, SOL, SRM, prover
from tests.support.solana.machine import LOADER, TOKEN_PROGRAM, associated, key_of
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.domain import compute_exit_domain, compute_lane_domain
from zklink.protocol.ids import FILL_LEAD_SECONDS, Lane
from zklink.solana.interface import instructions
from zklink.solana.interface.refusals import Refusal

LOADER_WRITE = 840
BOB = key_of("bob").pubkey()


def test_init__same_table_and_keys__same_hashes_as_the_core(site: Site) -> None:
    state = site.state()
    assert state["deployment_hash"] == site.deployment_hash == state["sync_hash"]
    domains = [compute_lane_domain(site.deployment_hash, lane) for lane in Lane]
    assert [state["swap_domain"], state["account_domain"]] == domains
    assert state["exit_domain"] == compute_exit_domain(site.deployment_hash)
    assert state["vk_hashes"][0] == prover().artifacts.vk_hash


@upholds("SOL-6", "DAT-1")
def test_swap__any_token__words_and_hashes_of_the_core(site: Site) -> None:
    queue_hash = site.deployment_hash
    for request in (
        site.swap(fee=4_000, fill_fee=2**112 - 1, min_out=2**111),
        site.swap(token_in=CAKE, token_out=SRM, l1_amount=7_000_000_000),
        site.swap(token_in=SOL, token_out=SRM, via=CAKE, l1_amount=10**9, destination=1),
        site.swap(destination=3, recipient=bytes(BOB), refund_to=bytes(BOB)),
    ):
        queue_hash = next_queue_hash(queue_hash, request.words())
        assert site.queued(request.request_id) == {"hash": queue_hash, "words": list(request.words())}
    assert site.state()["queue_hashes"][0] == queue_hash and site.state()["open_fees"] == [4_000, 0]
    assert [site.books(token)["custody"] for token in (SRM, CAKE, SOL)] == [10_000_000, 7_000_000, 10**9]
    assert site.balance(SOL, site.sol) == site.machine.rent(0) + 10**9 + 4_000


def test_story__requests_to_payouts__everybody_has_what_is_due(site: Site, history: History) -> None:
    machine = site.machine
    for mint in (site.mints[SRM], site.mints[CAKE]):
        site.make_holding(BOB, mint)
    refunded, elsewhere = site.swap(fee=4_000), site.swap(fee=1_000)
    coin = site.swap(token_in=SOL, token_out=SRM, l1_amount=10**9)
    filled = paid_here(SRM, 3_000_000, BOB, fill_fee=1_200_000)
    in_coin = paid_here(SOL, 5 * 10**8, BOB, id=2)
    refund = Payout.refunded(refunded)
    before, user_before = site.balance(SRM, site.broker.pubkey()), site.balance(SRM, site.user.pubkey())

    history.fill(filled, block=1)
    assert site.balance(SRM, BOB) == 1_800_000
    machine.set_time(machine.now() + FILL_LEAD_SECONDS // 2)
    block = history.bring(history.make(words_of(refunded, refund, elsewhere, filled, coin, in_coin)))
    state = site.state()
    assert (state["number"], state["root"], state["sync_hash"]) == (1, history.root, history.sync_hash)
    assert (state["consumed"], state["open_fees"], state["earned_fees"], state["unpaid"]) == ([3, 0], [0, 0], 5_000, 1)

    history.execute(block, SRM, SOL)
    assert (site.books(SRM)["custody"], site.books(SRM)["owed"]) == (2_000_000, 8_000_000)
    history.pay(block, 0, refund)
    history.pay(block, 2, in_coin)
    own = associated(site.broker.pubkey(), site.mints[SRM])
    history.pay(block, 1, filled, {"repay_to": own, "fill_payer": site.broker.pubkey()})
    assert site.balance(SRM, site.user.pubkey()) == user_before + 5_000_000
    assert site.balance(SOL, BOB) == 5 * 10**8
    # Half of the lead: half of the fee, and the recipient has the rest.
    assert site.balance(SRM, site.broker.pubkey()) == before + 600_000
    assert site.balance(SRM, BOB) == 1_800_000 + 600_000
    assert site.books(SRM)["owed"] == site.books(SOL)["owed"] == site.state()["unpaid"] == 0
    assert site.balance(SRM, site.bridge) == 2_000_000
    assert machine.data(site.fill_place(filled)) == b""

    lamports = machine.lamports(site.writer.pubkey())
    history.close(block)
    assert machine.lamports(site.writer.pubkey()) > lamports and machine.data(block) == b""
    machine.fund(site.fee_recipient, 10**9)
    places = {"bridge": site.bridge, "sol": site.sol, "fee_recipient": site.fee_recipient}
    site.call(instructions.COLLECT_FEES, places)
    assert machine.lamports(site.fee_recipient) == 10**9 + 5_000 and site.state()["earned_fees"] == 0


@upholds("SYN-2", "SYN-5")
def test_import__later_blocks_of_one_fact__each_by_its_path(site: Site, history: History) -> None:
    request = site.swap()
    first = history.make(words_of(request))
    ahead = History(site, first.member.block.new_root, 1)
    ahead.sync_hash = first.sync_hash
    second = ahead.make(())
    commitment = second.preimage.block_commitment()
    history.bring(history.make(words_of(request), later=[commitment]))
    assert site.state()["sync_hash"] == first.sync_hash
    history.bring(second)
    assert (site.state()["number"], site.state()["sync_hash"]) == (2, second.sync_hash)


def test_claim__recipient_signs__to_any_account_of_its_own(site: Site, history: History) -> None:
    request, owner = site.swap(), key_of("owner")
    payout = paid_here(SRM, 1_000, owner.pubkey())
    block = history.bring(history.make(words_of(request, payout)))
    history.execute(block, SRM)
    history.pay(block, 0, payout, refusal=Refusal.PAY_TO)
    other = key_of("another holding").pubkey()
    site.make_holding(owner.pubkey(), site.mints[SRM])
    holding = bytearray(site.machine.data(associated(owner.pubkey(), site.mints[SRM])))
    site.machine.put(other, TOKEN_PROGRAM, bytes(holding))
    history.pay(block, 0, payout, {"destination": other}, refusal=Refusal.PAY_TO)
    places = history.pay_places(block, payout) | {"claimant": owner.pubkey(), "destination": other}
    call = site.encode(instructions.PAY, places, instructions.PAY.encode(index=0))
    call.accounts = [type(meta)(meta.pubkey, i == 0, meta.is_writable) for i, meta in enumerate(call.accounts)]
    site.send(instructions.PAY, call, owner)
    assert int.from_bytes(site.machine.data(other)[64:72], "little") == 1_000


def test_program__deployed_through_the_loader__is_taken(site: Site) -> None:
    machine = site.machine
    program = key_of("second program")
    transactions = deploy(machine, site.authority, program, site.program, LOADER_WRITE)
    assert transactions == 2 + -(-len(site.program) // LOADER_WRITE)
    data = machine.data(Pubkey.find_program_address([bytes(program.pubkey())], LOADER)[0])
    assert data[45 : 45 + len(site.program)] == site.program
