"""A swap from Solana and one to it, by the ports alone: requests as the node reads them, a block of the project's own
transition with its own proof, the watchers' word for the queue, and what brings and pays it. On the ledger in this
process, and on Surfpool's network.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from tests.solana.lossy_node import LossyNode
from tests.solana.test_real_block import BOB, as_made, make_state
from tests.support.solana.blocks import History
from tests.support.solana.founding import CAKE, POLYGON, SOLANA, SRM, prover
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.on_surfnet import SurfnetMachine, SurfnetSite
from tests.support.solana.site import Site
from zklink.lab.accounts import funded_account
from zklink.lab.solana.base import SolanaChain, SolanaSpec
from zklink.lab.solana.surfnet import open_surfnet
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, RequestId
from zklink.protocol.presets import MINIMAL
from zklink.signers.journal import MemorySignerJournal
from zklink.signers.signer import Deployment
from zklink.signers.solana_reader import SolanaReader
from zklink.signers.watcher import Watcher
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.importing import Evidence, Importer
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.paying import Payer
from zklink.solana.client.program import Program
from zklink.solana.client.requests import SolanaRequests
from zklink.solana.client.sending import Sender
from zklink.transition.swap_block import apply_block
from zklink.witness import swap_block


def play_on_ledger() -> Site:
    """The story in this process."""
    machine = LedgerMachine()
    site, chain = Site(machine=machine, genesis_root=make_state().root), machine.chain
    play_swaps(site, chain, LossyNode(chain).client(), lambda: chain.set_automine(False))
    return site


def test_swaps__from_solana_and_to_it__by_the_ports_alone() -> None:
    assert play_on_ledger().state()["number"] == 1


@pytest.mark.slow
def test_swaps__on_a_real_network__the_same_by_the_same_ports_for_the_same_units() -> None:
    """The loader has checked the program, and the node is another make's, behind HTTP."""
    chain = open_surfnet(SolanaSpec(runs_on="surfnet"))
    with contextlib.closing(chain), httpx.Client(trust_env=False) as http:
        site = SurfnetSite(machine=SurfnetMachine(chain=chain), genesis_root=make_state().root)
        play_swaps(site, chain, SolanaNode("solana", chain.node_url, http))
        assert site.figures == play_on_ledger().figures


def play_swaps(site: Site, chain: SolanaChain, node: SolanaNode, let_wait: Callable[[], None] = lambda: None) -> None:
    """Found the program, swap from it and to it, and see every balance. `let_wait` is called when all is asked for."""
    state, machine = make_state(), site.machine
    site.found()
    site.register_all()
    site.make_holding(BOB, site.mints[SRM])
    History(site)  # the groups sign for this deployment
    program = Program(bytes(site.id))
    bridge = SolanaBridge(node, bytes(site.id), bytes(program.bridge))
    requests = SolanaRequests(bridge, dict.fromkeys(Lane, 0), dict.fromkeys(Lane, site.deployment_hash))
    reader = SolanaReader(bridge)
    deployment = Deployment(site.deployment_hash, POLYGON, 0)
    readers = {POLYGON: reader, SOLANA: reader}
    watcher = Watcher(funded_account(3), deployment, readers, MemorySignerJournal(), lambda: 0.0)

    asked = [site.swap(l1_amount=9_000_000, min_out=1_000_000_000), site.swap(l1_amount=4_000_000, min_out=10**30)]
    chain.finalize()
    sent = [request for request in requests.poll() if isinstance(request, SwapRequest)]
    # A network's clock may have gone on by a second since.
    assert [replace(each, queued_at=0) for each in sent] == [replace(each, queued_at=0) for each in asked]
    queue_hash = next_queue_hash(next_queue_hash(site.deployment_hash, sent[0].words()), sent[1].words())
    assert len(watcher.queues([QueueFact(SOLANA, Lane.SWAP, 2, queue_hash)])) == 65

    now = machine.now()
    incoming = SwapRequest(
        ChainId(1), SOLANA, RequestId(1), CAKE, SRM, Amount(500_000_000), Amount(1_000_000), Amount(1_000), Amount(0),
        now + 500, now, bytes(BOB), bytes(12) + b"\xcc" * 20,
    )  # fmt: skip
    domain = compute_lane_domain(site.deployment_hash, Lane.SWAP)
    block = apply_block(state, [*sent, incoming], BlockNumber(1), now, domain, MINIMAL)
    made = as_made(site, block, site.deployment_hash, prover().prove(swap_block.compute_inputs(block)).evm())
    evidence = Evidence(made.acc.validators, made.acc.watchers)

    let_wait()
    sender = Sender(node, site.writer, pause=lambda seconds: chain.mine(3))
    importer = Importer(bridge, program, sender)
    before = site.balance(SRM, site.user.pubkey())
    account = importer.bring(BlockNumber(made.number), made.member, evidence)
    importer.execute(account)
    assert Payer(program, sender, site.deployment_hash).pay_all(account) == []
    importer.close(account)

    refund, paid = block.payouts(SOLANA)
    assert site.balance(SRM, site.user.pubkey()) == before + refund.amount == before + 4_000_000
    assert site.balance(SRM, BOB) == paid.amount > 1_000_000
    assert (site.state()["root"], site.state()["unpaid"], site.books(SRM)["owed"]) == (state.root, 0, 0)
    chain.finalize()
    assert requests.poll() == [] and bridge.read().tip.sync_hash == made.sync_hash
