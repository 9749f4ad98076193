"""Gas of what anyone does when the operator is gone: freeze, find the last common block, cancel, exit by proof.

Takes a system on which one chain has executed everything and has one open request in each queue.
"""

from typing import Final

from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.structs import Exit, universal_address
from zklink.node.bench.committee import tell
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import EXPIRY_SECONDS, ChainId, Lane
from zklink.protocol.messages import MessageKind
from zklink.prover.port import Prover
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.exit import compute_exit
from zklink.transition.exit_authority import compute_exit_inputs
from zklink.witness import exit

_NAMES: Final = {Lane.SWAP: "swap", Lane.ACCOUNT: "deposit"}


def measure_escape(system: LocalSystem, sequencer: Sequencer, home: ChainId, prover: Prover) -> dict[str, int]:
    """Freeze `home` for its open requests and leave it."""
    roles, bridge = system.world.roles, system.bridges[home]
    last = sequencer.stored(home, sequencer.height)
    requests = {lane: sequencer.mempool.get(lane, home, sequencer.mempool.last_request_id(lane, home)) for lane in Lane}
    system.world.advance_time(EXPIRY_SECONDS + 1)
    figures: dict[str, int] = {}
    frozen = bridge.exodus.freeze_for_request(roles.stranger, Lane.SWAP, requests[Lane.SWAP].words(), last)
    figures["freeze_for_request"] = frozen.gas_used
    for source in sorted(system.bridges):
        if source != home:
            figures["receive_message, a freeze"] = tell(system, sequencer, home, source, MessageKind.FRZ)
    found = bridge.ledger.find_common_block(roles.stranger, [])
    figures["find_common_block, no blocks to open"] = found.gas_used
    figures["begin_exodus"] = bridge.exodus.begin_exodus(roles.stranger, last).gas_used
    for lane, request in requests.items():
        cancelled = bridge.exodus.cancel_requests(roles.stranger, lane, [request.words()])
        figures[f"cancel_requests, one {_NAMES[lane]}"] = cancelled.gas_used

    owner, domain = universal_address(roles.depositor.address), compute_exit_domain(system.deployment.deployment_hash)
    statement = compute_exit(sequencer.state, sequencer.state.accounts_of(owner)[0], USDC, home)
    proof = prover.prove(exit.compute_inputs(statement, None, domain)).evm()
    publics = compute_exit_inputs(statement, None, domain)
    left = bridge.exodus.exit(roles.depositor, Exit(publics.x0, publics.recipient_lo, publics.x1, tuple(proof)))
    figures["exit by proof, ERC-20"] = left.gas_used
    return figures
