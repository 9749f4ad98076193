"""Exits by proof: who leaves with what, and that nothing is paid twice."""

import pytest

from tests.support.drafts.escape import Exit, begin_exodus, make_escaping
from tests.support.drafts.rig import BAD, COIN, Rig
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, PROVIDER, STRANGER, USD, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import ChainId, TokenId

LP = TokenId(512)
"""Shares of a pool: the first token id that names no asset."""
OWNER = DEPOSITOR


@pytest.fixture
def escaping(rig: Rig) -> Rig:
    """Exodus on A."""
    return make_escaping(rig)


def test_exit__unsigned_by_the_owner__is_paid_once(escaping: Rig) -> None:
    here = escaping[A]
    root = here.exodus.exit_root()
    leaving = Exit(3, USD, A, universal_address(OWNER), 4_000_000)
    before, custody = here.balance(USD, OWNER), here.bridge.custody(USD)
    leaving.send(here, root, OWNER)
    assert here.evm.event("Exited") == {
        "account": 3,
        "token_id": USD,
        "receiver": OWNER,
        "token_a": USD,
        "amount_a": 4_000_000,
        "token_b": 0,
        "amount_b": 0,
    }
    assert here.balance(USD, OWNER) == before + 4_000_000 * here.scale(USD)
    assert here.bridge.custody(USD) == custody - 4_000_000
    assert here.exodus.is_exited(3, USD) and not here.exodus.is_exited(3, COIN)
    with reverts("exit: already paid"):
        leaving.send(here, root, OWNER)
    with reverts("exit: already paid"):
        Exit(3, USD, A, universal_address(STRANGER), 1, is_signed=1).send(here, root, OWNER)
    Exit(3, COIN, A, universal_address(OWNER), 5).send(here, root, OWNER)
    Exit(4, USD, A, universal_address(OWNER), 5).send(here, root, OWNER)


def test_exit__unsigned_by_somebody_else__is_refused(escaping: Rig) -> None:
    """The owner's address may not be the owner's on this chain; whoever controls it there must act."""
    here = escaping[A]
    leaving = Exit(3, USD, A, universal_address(OWNER), 4_000)
    for sender in (STRANGER, GOVERNOR):
        with reverts("exit: recipient must send it"):
            leaving.send(here, here.exodus.exit_root(), sender)


def test_exit__signed__goes_to_the_recipient_whoever_sends_it(escaping: Rig) -> None:
    here = escaping[A]
    before = here.balance(USD, PROVIDER)
    Exit(3, USD, A, universal_address(PROVIDER), 4_000, is_signed=1).send(here, here.exodus.exit_root(), STRANGER)
    assert here.balance(USD, PROVIDER) == before + 4_000 * here.scale(USD)


def test_exit__shares_of_a_pool__pay_both_sides(escaping: Rig) -> None:
    here = escaping[A]
    coin, usd = here.balance(COIN, PROVIDER), here.balance(USD, PROVIDER)
    leaving = Exit(3, LP, A, universal_address(PROVIDER), 70, 80, token_a=COIN, token_b=USD, is_signed=1)
    leaving.send(here, here.exodus.exit_root(), STRANGER)
    assert here.balance(COIN, PROVIDER) == coin + 70 * here.scale(COIN)
    assert here.balance(USD, PROVIDER) == usd + 80 * here.scale(USD)
    assert here.exodus.is_exited(3, LP) and not here.exodus.is_exited(3, COIN)


def test_exit__nothing_to_pay__is_still_used_up(escaping: Rig) -> None:
    here = escaping[A]
    leaving = Exit(3, LP, A, universal_address(OWNER), 0, 0, token_a=900, token_b=901)
    leaving.send(here, here.exodus.exit_root(), OWNER)
    with reverts("exit: already paid"):
        leaving.send(here, here.exodus.exit_root(), OWNER)


def test_exit__proof_of_another_statement__is_refused(escaping: Rig) -> None:
    """Of another root, deployment, account, token, recipient or amount: the verifier is asked for exactly this one."""
    here = escaping[A]
    root, domain = here.exodus.exit_root(), here.bridge.exit_domain()
    leaving = Exit(3, USD, A, universal_address(OWNER), 4_000)
    assert domain == compute_exit_domain(escaping.deployment_hash)
    proofs = [
        leaving.proof(domain, root + 1),
        leaving.proof(domain, escaping.genesis_root),
        leaving.proof(domain + 1, root),
        Exit(4, USD, A, universal_address(OWNER), 4_000).proof(domain, root),
        Exit(3, COIN, A, universal_address(OWNER), 4_000).proof(domain, root),
        Exit(3, USD, A, universal_address(STRANGER), 4_000).proof(domain, root),
        Exit(3, USD, A, universal_address(OWNER), 3_999).proof(domain, root),
        Exit(3, USD, A, universal_address(OWNER), 4_000, is_signed=1).proof(domain, root),
        Exit(3, USD, A, universal_address(OWNER), 4_000, token_a=COIN).proof(domain, root),
    ]
    for proof in proofs:
        with reverts("statement: another one"):
            here.exodus.exit(leaving.x0, leaving.recipient_lo, leaving.x1, proof, sender=OWNER)
    assert not here.exodus.is_exited(3, USD)


def test_exit__for_another_chain__is_refused(escaping: Rig) -> None:
    """Each chain pays its own share: the same proof is good on no other."""
    here = escaping[A]
    with reverts("exit: for another chain"):
        Exit(3, USD, B, universal_address(OWNER), 4_000).send(here, here.exodus.exit_root(), OWNER)
    begin_exodus(escaping[B])
    assert escaping[B].exodus.exit_root() == here.exodus.exit_root()
    with reverts("exit: for another chain"):
        Exit(3, USD, A, universal_address(OWNER), 4_000).send(escaping[B], here.exodus.exit_root(), OWNER)


@pytest.mark.parametrize(
    ("reason", "recipient"),
    [
        ("exit: recipient format", bytes(32)),
        ("exit: recipient format", bytes([1]) + bytes(31)),
        ("exit: recipient format", bytes(11) + bytes([1] * 21)),
    ],
)
def test_exit__recipient_that_this_chain_cannot_pay__is_refused(escaping: Rig, reason: str, recipient: bytes) -> None:
    here = escaping[A]
    with reverts(reason):
        Exit(3, USD, A, recipient, 4_000, is_signed=1).send(here, here.exodus.exit_root(), STRANGER)


def test_exit__to_the_bridge__is_refused(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("exit: recipient is the bridge"):
        Exit(3, USD, A, universal_address(here.bridge.address), 4_000, is_signed=1).send(
            here, here.exodus.exit_root(), STRANGER
        )


def test_exit__unused_bits__are_refused(escaping: Rig) -> None:
    """Two encodings of one exit would be two exits."""
    here = escaping[A]
    e = Exit(3, USD, A, universal_address(OWNER), 4_000, is_signed=1)
    for x0, lo, x1 in (
        (e.x0 | 1 << 104, e.recipient_lo, e.x1),
        (e.x0 | 1 << 33, e.recipient_lo, e.x1),
        (e.x0, e.recipient_lo | 1 << 248, e.x1),
        (e.x0, e.recipient_lo, e.x1 | 1 << 224),
    ):
        with reverts("exit: unused bits"):
            here.exodus.exit(x0, lo, x1, [0] * 8, sender=OWNER)


def test_exit__more_than_came_in__is_refused(escaping: Rig) -> None:
    """If everything else were broken: a chain releases what it holds and no more."""
    here = escaping[A]
    custody = here.bridge.custody(USD)
    with reverts("custody: more than came in"):
        Exit(3, USD, A, universal_address(OWNER), custody + 1).send(here, here.exodus.exit_root(), OWNER)
    with reverts("custody: more than came in"):
        Exit(3, LP, A, universal_address(OWNER), 5, 1, token_a=USD, token_b=901).send(
            here, here.exodus.exit_root(), OWNER
        )
    assert not here.exodus.is_exited(3, USD) and not here.exodus.is_exited(3, LP)
    Exit(3, USD, A, universal_address(OWNER), custody).send(here, here.exodus.exit_root(), OWNER)


def test_exit__recipient_that_refuses__is_owed(escaping: Rig) -> None:
    here = escaping[A]
    here.token(BAD).set_mode(3)
    Exit(3, BAD, A, universal_address(OWNER), 4_000).send(here, here.exodus.exit_root(), OWNER)
    assert here.bridge.pending_balance(OWNER, BAD) == 4_000 * here.scale(BAD)


def test_exit__low_gas__cannot_push_it_into_pending(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("tokens: too little gas (token)"):
        Exit(3, USD, A, universal_address(OWNER), 4_000).send(here, here.exodus.exit_root(), OWNER, gas=250_000)
    assert not here.exodus.is_exited(3, USD)


@pytest.mark.parametrize("chain", [A, B, C])
def test_exit__every_chain__pays_its_own_share_of_one_account(escaping: Rig, chain: ChainId) -> None:
    here = escaping[chain]
    if chain != A:
        begin_exodus(here)
    Exit(3, USD, chain, universal_address(OWNER), 4_000).send(here, escaping[A].exodus.exit_root(), OWNER)
    assert here.exodus.is_exited(3, USD)
