"""A swap from Solana and one to it, by the ports alone: requests as the node reads them, a block of the project's own
transition with its own proof, the watchers' word for the queue, and what brings and pays it.
"""

from tests.solana.lossy_node import LossyNode
from tests.solana.test_real_block import BOB, as_made, make_state
from tests.support.solana.blocks import History
from tests.support.solana.founding import CAKE, POLYGON, SOLANA, SRM, prover
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.site import Site
from zklink.lab.accounts import funded_account
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
from zklink.solana.client.paying import Payer
from zklink.solana.client.program import Program
from zklink.solana.client.requests import SolanaRequests
from zklink.solana.client.sending import Sender
from zklink.transition.swap_block import apply_block
from zklink.witness import swap_block


def test_swaps__from_solana_and_to_it__by_the_ports_alone() -> None:
    state = make_state()
    machine = LedgerMachine()
    site, chain = Site(machine=machine, genesis_root=state.root), machine.chain
    site.found()
    site.register_all()
    site.make_holding(BOB, site.mints[SRM])
    History(site)  # the groups sign for this deployment
    node, program = LossyNode(chain).client(), Program(bytes(site.id))
    bridge = SolanaBridge(node, bytes(site.id), bytes(program.bridge))
    requests = SolanaRequests(bridge, dict.fromkeys(Lane, 0), dict.fromkeys(Lane, site.deployment_hash))
    reader = SolanaReader(bridge)
    deployment = Deployment(site.deployment_hash, POLYGON, 0)
    readers = {POLYGON: reader, SOLANA: reader}
    watcher = Watcher(funded_account(3), deployment, readers, MemorySignerJournal(), lambda: 0.0)

    sent = [site.swap(l1_amount=9_000_000, min_out=1_000_000_000), site.swap(l1_amount=4_000_000, min_out=10**30)]
    chain.finalize()
    outgoing = requests.poll()
    assert outgoing == sent
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

    chain.set_automine(False)
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
