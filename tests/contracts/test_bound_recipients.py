"""Recipients that are bound to a chain, as contracts must be: each is paid at its address there, and nowhere else."""

import pytest

from tests.support.compile_vyper import load
from tests.support.drafts.escape import Exit, make_escaping
from tests.support.drafts.rig import Rig, payment
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, RECIPIENT, STRANGER, USD, A, C
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import ChainId, Kind, Lane

AMOUNT = 5_000


def bound(account: str, chain: ChainId) -> bytes:
    """An account's universal address, bound to a chain."""
    return bytes([chain]) + universal_address(account)[1:]


@pytest.mark.parametrize("lane", Lane)
def test_pay__recipient_bound_to_this_chain__gets_it_at_its_address(rig: Rig, lane: Lane) -> None:
    here = rig[A]
    paid = payment(A, USD, AMOUNT, recipient=bound(RECIPIENT, A))
    if lane == Lane.ACCOUNT:
        paid = payment(A, USD, AMOUNT, recipient=bound(RECIPIENT, A), kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0))
    before = here.balance(USD, RECIPIENT)
    rig.pay(paid, lane=lane)
    rig.execute(A, 1)
    assert here.balance(USD, RECIPIENT) == before + AMOUNT * here.scale(USD)


@pytest.mark.parametrize(
    ("lane", "reason"), [(Lane.SWAP, "slice: recipient format"), (Lane.ACCOUNT, "slice: no address there")]
)
def test_pay__recipient_bound_to_another_chain__is_in_no_block(rig: Rig, lane: Lane, reason: str) -> None:
    recipient = bound(RECIPIENT, C)
    paid = payment(A, USD, AMOUNT, recipient=recipient)
    if lane == Lane.ACCOUNT:
        paid = payment(A, USD, AMOUNT, recipient=recipient, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0))
    with reverts(reason):
        rig.pay(paid, lane=lane)


def test_fill__recipient_bound__is_paid_on_its_chain_alone(rig: Rig) -> None:
    here = rig[A]
    before = here.balance(USD, RECIPIENT)
    here.fill(payment(A, USD, AMOUNT, recipient=bound(RECIPIENT, A)))
    assert here.balance(USD, RECIPIENT) == before + AMOUNT * here.scale(USD)
    with reverts("fill: recipient format"):
        here.fill(payment(A, USD, AMOUNT, recipient=bound(RECIPIENT, C)))


def test_exit__owner_bound__leaves_on_its_chain_alone(rig: Rig) -> None:
    here = make_escaping(rig)[A]
    root, before = here.exodus.exit_root(), here.balance(USD, DEPOSITOR)
    Exit(3, USD, A, bound(DEPOSITOR, A), AMOUNT).send(here, root, DEPOSITOR)
    assert here.balance(USD, DEPOSITOR) == before + AMOUNT * here.scale(USD)
    with reverts("exit: recipient format"):
        Exit(4, USD, A, bound(DEPOSITOR, C), AMOUNT).send(here, root, DEPOSITOR)


def test_exit__owner_is_a_contract__leaves_bound_and_never_unbound(rig: Rig) -> None:
    """Whoever stands at a person's address on this chain as a contract is somebody else."""
    here = make_escaping(rig)[A]
    wallet = here.evm.deploy(STRANGER, load("ActingWallet"))
    root, domain = here.exodus.exit_root(), here.bridge.exit_domain()

    def leave(wanted: Exit) -> None:
        data = here.exodus.encode("exit", wanted.x0, wanted.recipient_lo, wanted.x1, wanted.proof(domain, root))
        wallet.act(here.exodus.address, data, sender=STRANGER)

    with reverts("exit: recipient must send it"):
        leave(Exit(3, USD, A, universal_address(wallet.address), AMOUNT))
    leave(Exit(4, USD, A, bound(wallet.address, A), AMOUNT))
    assert here.balance(USD, wallet.address) == AMOUNT * here.scale(USD)
