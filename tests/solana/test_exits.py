"""Exits by proof: of the project's own circuit, signed and unsigned; each balance leaves once, and what is refused is
refused as by the contract.
"""

from dataclasses import replace

import pytest
from solders.system_program import TransferParams, transfer

from tests.support.drafts.escape import Exit, make_escaping
from tests.support.drafts.rig import Rig
from tests.support.evm import Reverted
from tests.support.solana.account_doors import deposit
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.founding import CAKE, ELSEWHERE, SOL, SOLANA, SRM, prover
from tests.support.solana.leaving import Leaving
from tests.support.solana.machine import Refused, associated, key_of
from tests.support.solana.site import DESTINATION, Site
from tests.support.three_chains import DEPOSITOR, STRANGER, USD, A
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.primitives.eddsa import PrivateKey
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import AccountId, Amount, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.prover.source import Statement
from zklink.solana.interface import accounts
from zklink.solana.interface.refusals import Refusal
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition.exit import compute_exit
from zklink.transition.exit_authority import compute_exit_inputs, sign_exit
from zklink.witness import exit as exit_witness

BOB = key_of("bob")
LP = TokenId(9)
HELD = 10_000_000


@pytest.fixture
def leaving(history: History) -> Leaving:
    """Exodus of a site that holds SRM, CAKE and SOL."""
    return open_exodus(history)


def open_exodus(history: History) -> Leaving:
    """Fill the site and end it."""
    site = history.site
    deposit(site, l1_amount=HELD)
    deposit(site, token=CAKE, l1_amount=1_000 * HELD)
    deposit(site, token=SOL, l1_amount=10**9)
    site.make_holding(BOB.pubkey(), site.mints[SRM])
    site.make_holding(BOB.pubkey(), site.mints[CAKE])
    found = Leaving(Ends(history))
    found.end_here()
    return found


def to_bob(amount: int, token: TokenId = SRM, **changes: int) -> Exit:
    """A signed exit of account 3 to Bob."""
    return replace(Exit(3, token, SOLANA, bytes(BOB.pubkey()), amount, is_signed=1), **changes)  # type: ignore[arg-type]


def make_state(key: PrivateKey) -> State:
    """Bob has account 3, with a key, and a third of the SRM; half of all SRM lies here."""
    state = State(MINIMAL)
    state.set_owner(AccountId(3), bytes(BOB.pubkey()))
    state.set_public_key_hash(AccountId(3), compute_public_key_hash(key.public_key))
    state.set_balance(AccountId(3), SRM, Amount(4_000_000))
    state.set_token(SRM, TokenRow((6_000_000, 0, 6_000_000, 0, 0, 0, 0, 0), Amount(0)))
    return state


@upholds("EXI-1")
@pytest.mark.parametrize("is_signed", [False, True])
def test_exit__proof_of_the_circuit__pays_the_owner_or_whom_the_key_names(is_signed: bool) -> None:
    key = PrivateKey.from_seed(bytes(32))
    state = make_state(key)
    site = Site(genesis_root=state.root)
    site.found()
    site.register_all()
    leaving = open_exodus(History(site))
    statement = compute_exit(state, AccountId(3), SRM, SOLANA)
    domain = compute_exit_domain(site.deployment_hash)
    user = site.user.pubkey()
    authority = sign_exit(statement, bytes(user), domain, key) if is_signed else None
    inputs = compute_exit_inputs(statement, authority, domain)
    proof = prover(Statement.EXIT).prove(exit_witness.compute_inputs(statement, authority, domain)).evm()
    paid = user if is_signed else BOB.pubkey()
    exit_ = Exit(3, SRM, SOLANA, bytes(paid), statement.amount_a, is_signed=int(is_signed))
    assert (exit_.x0, exit_.recipient_lo, exit_.x1) == inputs[2:] and statement.amount_a == 2_000_000
    before = site.balance(SRM, paid)
    leaving.exit(exit_, signer=None if is_signed else BOB, proof=proof)
    assert (site.books(SRM)["custody"], site.books(SRM)["owed"]) == (HELD - 2_000_000, 2_000_000)
    leaving.pay_exit(exit_, SRM)
    assert site.balance(SRM, paid) == before + 2_000_000 and site.books(SRM)["owed"] == 0


@upholds("EXI-1")
def test_exit__once__whoever_it_pays(leaving: Leaving) -> None:
    leaving.exit(to_bob(1_000))
    for again in (to_bob(1_000), to_bob(1), replace(to_bob(5), recipient=bytes(leaving.site.user.pubkey()))):
        leaving.exit(again, refusal=Refusal.EXITED)
    leaving.exit(to_bob(1_000, account=4))
    leaving.exit(to_bob(1_000, token=SOL))
    leaving.exit(to_bob(0, token=CAKE))
    leaving.exit(to_bob(0, token=CAKE), refusal=Refusal.EXITED)
    # Neither account nor token of one is mistaken for another's.
    leaving.exit(to_bob(1, account=3 << 16))
    assert leaving.known(to_bob(1_000))["amounts"] == [1_000, 0]


@upholds("EXI-1")
def test_exit__unsigned__the_owner_must_sign(leaving: Leaving) -> None:
    exit_ = to_bob(1_000, is_signed=0)
    for signer in (None, leaving.site.user):
        leaving.exit(exit_, signer=signer, refusal=Refusal.EXIT_SENDER)
    leaving.exit(exit_, {"recipient": BOB.pubkey()}, refusal=Refusal.EXIT_SENDER)
    leaving.exit(exit_, signer=BOB)


def test_exit__shares_of_a_pool__pay_both_sides(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    exit_ = to_bob(70, LP, amount_b=80, token_a=SRM, token_b=CAKE)
    leaving.exit(exit_)
    assert [site.books(token)["owed"] for token in (SRM, CAKE)] == [70, 80]
    leaving.pay_exit(exit_, SRM, 1, refusal=Refusal.ACCOUNT)
    leaving.pay_exit(exit_, SRM, 2, refusal=Refusal.PAID)
    leaving.pay_exit(exit_, CAKE, 1)
    leaving.pay_exit(exit_, CAKE, 1, refusal=Refusal.PAID)
    leaving.pay_exit(exit_, SRM)
    leaving.pay_exit(exit_, SRM, refusal=Refusal.PAID)
    assert (site.balance(SRM, bob), site.balance(CAKE, bob)) == (70, 80_000)
    assert [site.books(token)["owed"] for token in (SRM, CAKE)] == [0, 0]
    assert [site.books(token)["custody"] for token in (SRM, CAKE)] == [HELD - 70, HELD - 80]


def test_exit__side_that_pays_nothing__needs_no_token(leaving: Leaving) -> None:
    places = {"token_a": leaving.site.sol, "token_b": leaving.site.sol}
    exit_ = to_bob(0, LP, token_a=900, token_b=901)
    leaving.exit(exit_, places)
    leaving.pay_exit(exit_, SRM, refusal=Refusal.PAID)


@upholds("EXI-3")
def test_pay_exit__sol_and_claims__like_payouts(leaving: Leaving) -> None:
    site, bob = leaving.site, BOB.pubkey()
    small, coin = to_bob(1_000, SOL), to_bob(10**8, SOL, account=4)
    leaving.exit(small)
    leaving.exit(coin)
    leaving.pay_exit(small, SOL, refusal=Refusal.PAY_RENT)
    leaving.pay_exit(coin, SOL, places={"destination": site.user.pubkey()}, refusal=Refusal.PAY_TO)
    leaving.pay_exit(coin, SOL)
    leaving.pay_exit(small, SOL)
    assert site.balance(SOL, bob) == 10**8 + 1_000
    exit_ = to_bob(1_000)
    leaving.exit(exit_)
    theirs = associated(site.broker.pubkey(), site.mints[SRM])
    for places, refusal in (
        ({"destination": theirs}, Refusal.PAY_TO),
        ({"destination": site.vaults[SRM]}, Refusal.PAY_TO),
        ({"vault": theirs}, Refusal.ACCOUNT),
        ({"mint": site.mints[CAKE]}, Refusal.ACCOUNT),
        ({"token_program": site.sol}, Refusal.ACCOUNT),
        ({"token": site.token(CAKE)}, Refusal.ACCOUNT),
        ({"exit": site.token(SRM)}, Refusal.ACCOUNT),
    ):
        leaving.pay_exit(exit_, SRM, places=places, refusal=refusal)
    leaving.pay_exit(exit_, SRM, claimant=BOB)


@upholds("VER-6")
def test_exit__proof_of_another_statement__refused(leaving: Leaving) -> None:
    state, exit_ = leaving.site.state(), to_bob(4_000)
    domain, root = state["exit_domain"], state["exit_root"]
    others = (
        (domain, root + 1, exit_),
        (domain + 1, root, exit_),
        (domain, root, replace(exit_, account=4)),
        (domain, root, replace(exit_, token=CAKE)),
        (domain, root, replace(exit_, recipient=bytes(leaving.site.user.pubkey()))),
        (domain, root, replace(exit_, amount_a=3_999)),
        (domain, root, replace(exit_, amount_b=1)),
        (domain, root, replace(exit_, is_signed=0)),
    )
    for *first, other in others:
        leaving.exit(exit_, proven=(*first, other.x0, other.recipient_lo, other.x1), refusal=Refusal.PROOF)
    leaving.exit(exit_, proof=(0,) * 8, refusal=Refusal.PROOF)
    leaving.exit(exit_)


def test_exit__of_a_chain_that_has_not_ended__refused(site: Site, history: History) -> None:
    deposit(site)
    Leaving(Ends(history)).exit(to_bob(1), refusal=Refusal.NOT_BEGUN)


def test_exit__recipient_that_this_chain_cannot_pay__refused(leaving: Leaving) -> None:
    for recipient, refusal in (
        (bytes(32), Refusal.EXIT_RECIPIENT),
        (DESTINATION, Refusal.EXIT_RECIPIENT),
        (bytes([2]) + DESTINATION[1:], Refusal.EXIT_RECIPIENT),
        (bytes(leaving.site.bridge), Refusal.EXIT_BRIDGE),
    ):
        leaving.exit(replace(to_bob(1), recipient=recipient), refusal=refusal)


def test_exit__keys_or_place_exchanged__refused(leaving: Leaving) -> None:
    site, exit_ = leaving.site, to_bob(1_000)
    leaving.exit(exit_, {"exit": leaving.place(to_bob(1, account=4))}, refusal=Refusal.ACCOUNT)
    leaving.exit(exit_, {"token_a": site.token(CAKE)}, refusal=Refusal.ACCOUNT)
    leaving.exit(exit_, {"token_a": site.token(ELSEWHERE)}, refusal=Refusal.ACCOUNT)
    leaving.exit(
        to_bob(1, LP, amount_b=1, token_a=SRM, token_b=CAKE), {"token_b": site.token(SRM)}, refusal=Refusal.ACCOUNT
    )
    leaving.exit(exit_, {"keys": site.swap_queue}, refusal=Refusal.KEYS)
    data = bytearray(site.machine.data(site.keys))
    other = site.machine.put(key_of("other keys").pubkey(), site.id, bytes(data))
    leaving.exit(exit_, {"keys": other}, refusal=Refusal.KEYS)
    data[-1] ^= 1
    site.machine.put(site.keys, site.id, bytes(data))
    leaving.exit(exit_, refusal=Refusal.KEYS)


def test_exit__lamports_sent_ahead__do_not_stop_it(leaving: Leaving) -> None:
    site, exit_ = leaving.site, to_bob(1_000)
    payer, size = site.machine.payer.pubkey(), accounts.EXIT.size
    for lamports, token in ((site.machine.rent(0), SRM), (10 * site.machine.rent(size), CAKE)):
        exit_ = to_bob(1_000, token)
        place = leaving.place(exit_)
        site.machine.send([transfer(TransferParams(from_pubkey=payer, to_pubkey=place, lamports=lamports))])
        leaving.exit(exit_)
        assert site.machine.lamports(place) == max(lamports, site.machine.rent(size))


WRONG = {
    "exit: unused bits": [
        *((1 << bit, 0, 0) for bit in (33, 39, 104, 255)),
        *((0, 1 << bit, 0) for bit in (248, 255)),
        *((0, 0, 1 << bit) for bit in (224, 255)),
    ],
    "exit: for another chain": [(1 << 48, 0, 0), (1 << 55, 0, 0)],
    "custody: more than came in": [(0, 0, 1 << 223), (0, 0, 1 << 176), (0, 0, 1 << 175)],
}
"""Bits that are set beside those of an exit, and the contract's reason."""


def test_exit__bits_beside_its_own__refused_as_by_the_contract(rig: Rig, leaving: Leaving) -> None:
    here = make_escaping(rig)[A]
    theirs = Exit(3, USD, A, universal_address(DEPOSITOR), 1_000, is_signed=1)
    ours = to_bob(1_000)
    for reason, cases in WRONG.items():
        for extra in cases:
            x = [word ^ bits for word, bits in zip((theirs.x0, theirs.recipient_lo, theirs.x1), extra, strict=True)]
            statement = keccak_words(here.bridge.exit_domain(), here.exodus.exit_root(), *x)
            proof = [int.from_bytes(statement, "big"), *range(7)]
            with pytest.raises(Reverted) as caught:
                here.exodus.exit(*x, proof, sender=STRANGER)
            assert caught.value.reason == reason, extra
            y = [word ^ bits for word, bits in zip((ours.x0, ours.recipient_lo, ours.x1), extra, strict=True)]
            with pytest.raises(Refused) as refused:
                leaving.exit(ours, statement=y, proof=None if "custody" in reason else (0,) * 8)
            assert isinstance(refused.value.reason, Refusal) and refused.value.reason.value == reason, extra
    leaving.exit(ours)


@upholds("SOL-3")
def test_exit__exactly_what_is_held__and_not_a_unit_more(leaving: Leaving) -> None:
    leaving.exit(to_bob(HELD + 1), refusal=Refusal.CUSTODY)
    leaving.exit(to_bob(1, LP, amount_b=HELD + 1, token_a=SRM, token_b=CAKE), refusal=Refusal.CUSTODY)
    leaving.exit(to_bob(HELD))
    leaving.exit(to_bob(1, account=4), refusal=Refusal.CUSTODY)
    assert leaving.site.books(SRM)["custody"] == 0
