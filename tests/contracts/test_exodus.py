"""Exodus: when it begins, what is cancelled, who leaves with what, and that nothing is paid twice."""

from collections.abc import Iterable

import pytest

from tests.support.drafts.draft import payment, stored_args
from tests.support.drafts.escape import (
    EXPIRY_SECONDS,
    Exit,
    announce_freezes,
    begin_exodus,
    copy_block,
    find_common,
    freeze,
    open_history,
    provider_words,
)
from tests.support.drafts.rig import BAD, COIN, RESERVE, TOKENS, Rig, RigChain
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, PROVIDER, STRANGER, USD, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import BlockNumber, ChainId, Lane, TokenId
from zklink.protocol.messages import SyncMessage

LP = TokenId(512)
"""Shares of a pool: the first token id that names no asset."""
OWNER = DEPOSITOR


def freeze_all(rig: Rig) -> None:
    """Every chain is frozen and knows of all others."""
    for chain in (A, B, C):
        freeze(rig[chain])
    for chain in (A, B, C):
        announce_freezes(rig, (A, B, C), chain)


def pay_everywhere(rig: Rig) -> int:
    """A first block that pays on every chain, out of deposits that stay open; gives its root."""
    for chain in (A, B, C):
        rig[chain].deposit(USD, 2_000_000)
    rig.pay(*(payment(chain, USD, 1_000_000, chain) for chain in (A, B, C)))
    return rig[A].history[1].root


def make_escaping(rig: Rig) -> Rig:
    """Block 1 is the last common one and executed; A has taken a swap and deposits since; exodus has begun on A."""
    pay_everywhere(rig)
    for chain in (A, B, C):
        rig[chain].execute(1)
    freeze_all(rig)
    for chain in (A, B, C):
        assert find_common(rig[chain], rig[B]) == (True, 1)
    begin_exodus(rig[A], 1)
    return rig


@pytest.fixture
def escaping(rig: Rig) -> Rig:
    """Exodus on A."""
    return make_escaping(rig)


def provider_queue(here: RigChain, ids: Iterable[int]) -> list[int]:
    """The words of the provider's deposits with these ids."""
    return [word for i in ids for word in provider_words(here, i)]


# --- begin ---


def test_begin_exodus__common_block_executed__opens_exits_against_its_root(rig: Rig) -> None:
    root = pay_everywhere(rig)
    rig[A].execute(1)
    freeze_all(rig)
    find_common(rig[A], rig[B])
    here = rig[A]
    assert here.exodus.freeze_state() == (True, 1, 1, True, False)
    begin_exodus(here, 1)
    assert here.evm.event("ExodusBegun") == {"number": 1, "root": root}
    assert here.exodus.freeze_state() == (True, 1, 1, True, True)
    assert here.exodus.exit_root() == root
    with reverts("exodus: already begun"):
        begin_exodus(here, 1)


def test_begin_exodus__chain_that_never_accepted_a_block__at_the_genesis(rig: Rig) -> None:
    freeze_all(rig)
    find_common(rig[A], rig[B])
    begin_exodus(rig[A], 0)
    assert rig[A].exodus.exit_root() == rig[A].history[0].root


def test_begin_exodus__too_early__is_refused(rig: Rig) -> None:
    here = rig[A]
    with reverts("exodus: not frozen"):
        begin_exodus(here, 0)
    pay_everywhere(rig)
    freeze(here)
    with reverts("exodus: common block not known"):
        begin_exodus(here, 0)
    freeze(rig[B])
    freeze(rig[C])
    announce_freezes(rig, (B, C), A)
    with reverts("exodus: common block not known"):
        begin_exodus(here, 0)
    find_common(here, rig[B])
    for number in (0, 1):
        with reverts("exodus: blocks to be executed"):
            begin_exodus(here, number)
    here.execute(1)
    with reverts("exodus: not the common block"):
        begin_exodus(here, 0)
    lie = list(stored_args(here.history[1]))
    lie[4] = 12_345
    with reverts("exodus: not the stored block"):
        here.exodus.begin_exodus(tuple(lie))
    begin_exodus(here, 1)


def test_begin_exodus__common_block_above_this_chains_freeze__imports_it_first(rig: Rig) -> None:
    """A froze at 1, the last common block is 2: A takes it in, executes both, and only then lets anybody out."""
    for number, words in enumerate(({A: payment(A, USD, 5_000).words()}, {C: payment(C, USD, 6_000).words()}), 1):
        draft = rig.draft(words, on=B)
        for chain in (B, A, C) if number == 1 else (B, C):
            rig[chain].commit(draft)
            rig[chain].prove(number)
            if chain != B:
                rig.announce(B, chain)
    freeze_all(rig)
    here, primary = rig[A], rig[B]
    open_history(here, primary, high=2, low=1)
    assert find_common(here, primary, 2) == (True, 2)
    copy_block(here, primary, 2)
    with reverts("execute: a chain is missing"):
        here.execute(1, 2)
    open_history(here, rig[C], high=2, low=1)
    for source in (B, C):
        here.bridge.apply_message(source, 2)
    here.execute(1, 2)
    begin_exodus(here, 2)
    assert here.exodus.exit_root() == primary.history[2].root


def test_execute__above_the_common_block__is_refused(rig: Rig) -> None:
    """Block 2 concerns A, which froze at 1. Nobody can have announced that A accepted it; if the committee lies, the
    chains that know the last common block still keep to it."""
    for number in (1, 2):
        draft = rig.draft({A: payment(A, USD, 5_000, number).words(), B: payment(B, USD, 5_000, number).words()}, on=B)
        for chain in (B, A, C) if number == 1 else (B, C):
            rig[chain].commit(draft)
            rig[chain].prove(number)
            if chain != B:
                rig.announce(B, chain)
    freeze_all(rig)
    here = rig[B]
    assert find_common(here, here, 2) == (True, 1)
    rig.announce(C, B)
    rig.deliver(SyncMessage(A, BlockNumber(2), here.history[2].sync_hash), B)
    with reverts("execute: above the common block"):
        here.execute(1, 2)
    here.execute(1)
    begin_exodus(here, 1)
    with reverts("execute: above the common block"):
        here.execute(2)


# --- cancel ---


def test_cancel_requests__swaps_and_deposits__are_paid_back_to_their_senders(rig: Rig) -> None:
    """In order, in the tokens and units that came in; a full exit only leaves the queue."""
    here = rig[A]
    here.swap(l1_amount=7_000_000)
    swap_words = here.request_words()
    here.deposit(COIN, 900, sender=STRANGER, owner=bytes([7] * 32))
    deposit_words = here.deposit_words()
    here.bridge.full_exit(5, USD, sender=OWNER)
    exit_words = here.full_exit_words()
    freeze_all(rig)
    find_common(here, rig[B])
    begin_exodus(here, 0)

    before = here.balance(USD, DEPOSITOR)
    here.exodus.cancel_requests(Lane.SWAP, list(swap_words), sender=GOVERNOR)
    assert here.evm.event("RequestCancelled") == {
        "lane": Lane.SWAP,
        "request_id": 1,
        "receiver": DEPOSITOR,
        "token_id": USD,
        "l1_amount": 7_000_000,
    }
    assert here.balance(USD, DEPOSITOR) == before + 7_000_000

    provided, coin = here.balance(USD, PROVIDER), here.balance(COIN, STRANGER)
    words = [*provider_queue(here, (1, 2, 3, 4)), *deposit_words, *exit_words]
    here.exodus.cancel_requests(Lane.ACCOUNT, words, sender=GOVERNOR)
    cancelled = [(e.args["request_id"], e.args["l1_amount"]) for e in here.evm.events("RequestCancelled")]
    units = [RESERVE * here.scale(t) for t in TOKENS]
    assert cancelled == [*enumerate(units, 1), (5, 900 * 10**6), (6, 0)]
    assert here.balance(USD, PROVIDER) == provided + RESERVE * here.scale(USD)
    assert here.balance(COIN, STRANGER) == coin + 900 * 10**6
    assert [here.exodus.settled_requests(lane) for lane in (1, 2)] == [1, 6]
    for token in (COIN, USD):
        assert here.bridge.solvency(token) == (0, 0, 0)


def test_cancel_requests__twice_or_not_in_order__is_refused(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (2,)))
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1, 3)))
    here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1, 2)))
    for again in ((1,), (1, 2), (2, 3), (4,)):
        with reverts("cancel: not the next requests"):
            here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, again))
    here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (3, 4)))
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (4,)))


def test_cancel_requests__consumed_by_the_common_block__is_refused(rig: Rig) -> None:
    """Not both credited and cancelled: the first deposit is in the executed block, the second is not."""
    words = [tuple(provider_words(rig[A], i)) for i in (1, 2)]
    draft = rig.draft({A: words[0]}, lane=Lane.ACCOUNT)
    rig.accept_everywhere(draft)
    rig[A].execute(1)
    for chain in (A, B, C):
        freeze(rig[chain], words[1] if chain == A else None)
    announce_freezes(rig, (B, C), A)
    find_common(rig[A], rig[B])
    begin_exodus(rig[A], 1)
    with reverts("cancel: not the next requests"):
        rig[A].exodus.cancel_requests(Lane.ACCOUNT, list(words[0]))
    rig[A].exodus.cancel_requests(Lane.ACCOUNT, list(words[1]))
    assert rig[A].exodus.settled_requests(Lane.ACCOUNT) == 2
    assert rig[A].bridge.custody(COIN) == RESERVE


def test_cancel_requests__in_an_aborted_block__are_paid_back(rig: Rig) -> None:
    """The primary accepted a block with B's deposit and A's slice; A froze before, so it is aborted and B pays back."""
    deposit = tuple(provider_words(rig[B]))
    draft = rig.draft({B: deposit, A: payment(A, USD, 9_000).words()}, on=B, lane=Lane.ACCOUNT)
    rig[B].commit(draft)
    rig[B].prove(1)
    for chain in (A, C):
        freeze(rig[chain])
    rig[B].evm.time += EXPIRY_SECONDS + 1
    rig[B].exodus.freeze_for_execution()
    announce_freezes(rig, (A, C), B)
    assert find_common(rig[B], rig[B], 1) == (True, 0)
    begin_exodus(rig[B], 0)
    assert rig[B].status() == (1, 1, 1, 0)
    before = rig[B].balance(COIN, PROVIDER)
    rig[B].exodus.cancel_requests(Lane.ACCOUNT, list(deposit))
    assert rig[B].balance(COIN, PROVIDER) == before + RESERVE * rig[B].scale(COIN)


def test_cancel_requests__malformed__are_refused(escaping: Rig) -> None:
    here = escaping[A]
    words = provider_queue(here, (1, 2))
    for lane in (0, 3):
        with reverts("exodus: unknown lane"):
            here.exodus.cancel_requests(lane, words)
    with reverts("cancel: no request"):
        here.exodus.cancel_requests(Lane.ACCOUNT, [])
    for cut in (words[:3], words[:7], words[:5]):
        with reverts("cancel: request cut short"):
            here.exodus.cancel_requests(Lane.ACCOUNT, cut)
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.SWAP, words[:5])
    words[0] += 1
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, words)


def test_cancel_requests__beyond_the_last__is_refused(escaping: Rig) -> None:
    """The hash of a place that nobody has taken is zero; no words hash to it."""
    here = escaping[A]
    words = [*provider_queue(here, (1, 2, 3, 4)), 0, 0, 0, 0]
    with reverts("cancel: not the next requests"):
        here.exodus.cancel_requests(Lane.ACCOUNT, words)


def test_cancel_requests__sender_that_refuses_coin__is_owed(rig: Rig) -> None:
    here = rig[A]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    call = here.bridge.encode("deposit", (COIN, 900 * 10**6, bytes([1] * 32)))
    recipient.act(here.bridge.address, call, sender=GOVERNOR, value=900 * 10**6)
    words = here.deposit_words()
    recipient.set_mode(1, sender=GOVERNOR)
    freeze_all(rig)
    find_common(here, rig[B])
    begin_exodus(here, 0)
    here.exodus.cancel_requests(Lane.ACCOUNT, [*provider_queue(here, (1, 2, 3, 4)), *words])
    assert here.bridge.pending_balance(recipient.address, COIN) == 900 * 10**6
    assert here.bridge.solvency(COIN)[1] == 900 * 10**6
    assert here.exodus.settled_requests(Lane.ACCOUNT) == 5


def test_cancel_requests__low_gas__cannot_push_a_refund_into_pending(escaping: Rig) -> None:
    here = escaping[A]
    with reverts("tokens: too little gas (coin)"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1,)), gas=140_000)
    assert here.exodus.settled_requests(Lane.ACCOUNT) == 0


@pytest.mark.parametrize("is_frozen", [False, True])
def test_before_exodus__cancel_and_exit__are_refused(rig: Rig, is_frozen: bool) -> None:
    here = rig[A]
    if is_frozen:
        freeze_all(rig)
    with reverts("exodus: not begun"):
        here.exodus.cancel_requests(Lane.ACCOUNT, provider_queue(here, (1,)))
    with reverts("exodus: not begun"):
        Exit(3, USD, A, universal_address(OWNER), 10).send(here, 0, OWNER)


# --- exit ---


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
        leaving.proof(domain, here.history[0].root),
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
    begin_exodus(escaping[B], 1)
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
    with reverts("ledger: more than came in"):
        Exit(3, USD, A, universal_address(OWNER), custody + 1).send(here, here.exodus.exit_root(), OWNER)
    with reverts("ledger: more than came in"):
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
        begin_exodus(here, 1)
    Exit(3, USD, chain, universal_address(OWNER), 4_000).send(here, escaping[A].exodus.exit_root(), OWNER)
    assert here.exodus.is_exited(3, USD)
