"""A whole node on two EVM chains and a Solana chain, in deterministic rounds: swaps from Solana and to it are paid,
with proofs that the program and the contracts check.
"""

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, SolanaStar, open_star, swap_away
from tests.support.solana.star_pipeline import open_pipeline
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import Lane, RequestId
from zklink.sequencer.program_gate import AGAIN_SECONDS

USD = 10**6
BOB = key_of("bob").pubkey()
POOR = key_of("no account of the token").pubkey()


def swap_here(star: SolanaStar, amount: int, recipient: Pubkey) -> RequestKey:
    """The depositor of Polygon swaps USDC to somebody on Solana."""
    bridge = star.bridges[POLYGON.chain_id]
    order = build_order(star, POLYGON.chain_id, USDC, amount, SOLANA, USDC)
    send_swap(star, POLYGON.chain_id, replace(order, recipient=bytes(recipient)))
    return POLYGON.chain_id, RequestId(bridge.request_counts(Lane.SWAP).total)


@pytest.mark.slow
def test_swaps__from_solana_and_to_it__are_paid_by_one_node() -> None:
    with open_star() as star:
        pipeline, site, roles = open_pipeline(star), star.site, star.world.roles
        site.make_holding(BOB, site.mints[USDC])
        send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=roles.provider)
        pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
        before = pipeline.balance(roles.recipient, POLYGON.chain_id, USDC)

        away = swap_away(star, 300 * USD)
        pipeline.finish(1)
        outgoing = pipeline.record(away)
        assert outgoing.payout is not None and not outgoing.is_refund and outgoing.paid_at is not None
        assert pipeline.balance(roles.recipient, POLYGON.chain_id, USDC) == before + 300 * USD

        here = [swap_here(star, 200 * USD, BOB), swap_here(star, 50 * USD, POOR)]
        pipeline.finish(3)
        incoming, waiting = map(pipeline.record, here)
        assert incoming.payout is not None and not incoming.is_refund and incoming.paid_at is not None
        assert site.balance(USDC, BOB) == 200 * USD == incoming.payout.amount
        assert site.books(USDC)["owed"] == 50 * USD and waiting.paid_at is not None

        site.make_holding(POOR, site.mints[USDC])
        pipeline.clock.now += AGAIN_SECONDS
        pipeline.round(2)
        assert site.balance(USDC, POOR) == 50 * USD and site.books(USDC)["owed"] == 0
        assert pipeline.retries() == []
        assert site.state()["number"] == pipeline.node.sequencer.height and site.state()["unpaid"] == 0
