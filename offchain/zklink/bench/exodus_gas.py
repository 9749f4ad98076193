"""Gas of the transactions by which anyone replaces a lost operator: freeze, find the last common block, cancel, exit by
proof.

Takes a system on which one chain has executed everything and has one open request in each queue; gives gas by figure.
Never uses a key of the operator.
"""

from typing import Final

from zklink.bench.committee_gas import deliver_message
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import Exit, universal_address
from zklink.protocol.bridge_blocks import BlockPreimage, Step
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import EXECUTION_SECONDS, EXPIRY_SECONDS, BlockNumber, ChainId, Lane
from zklink.protocol.messages import MessageKind
from zklink.prover.port import Prover
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.exit import compute_exit
from zklink.transition.exit_authority import compute_exit_inputs
from zklink.witness import exit

_STEPS: Final = 4
_NAMES: Final = {Lane.SWAP: "swap", Lane.ACCOUNT: "deposit"}


def _open_history(system: LocalSystem, sequencer: Sequencer, home: ChainId) -> dict[str, int]:
    """Open a fact about another chain down by one block, and by several."""
    source, number, figures = system.deployment.primary, sequencer.height, dict[str, int]()
    for count in (1, _STEPS):
        blocks = [sequencer.block(BlockNumber(number - i)) for i in range(count)]
        steps = [
            Step(sequencer.stored(home, BlockNumber(block.number - 1)).sync_hash, block.block.block_commitment)
            for block in blocks
        ]
        top = sequencer.stored(home, number).sync_hash
        opened = system.bridges[home].ledger.open_message(system.world.roles.stranger, source, number, top, steps)
        figures[f"open_message, {count} {'step' if count == 1 else 'steps'}"] = opened.gas_used
        number = BlockNumber(number - count)
    return figures


def _open(sequencer: Sequencer, number: BlockNumber) -> BlockPreimage:
    """The preimages of a block's sync hash."""
    block, before = sequencer.block(number).block, BlockNumber(number - 1)
    previous = sequencer.stored(sequencer.parameters.primary, before).sync_hash
    header = block.header.elements()
    return BlockPreimage(
        previous, header, block.inputs.commitment, block.slice_hashes, block.header_value, block.evaluations
    )


def measure_escape(system: LocalSystem, sequencer: Sequencer, home: ChainId, prover: Prover) -> dict[str, int]:
    """Freeze `home` for its open requests, begin exodus there, and exit; gas by figure."""
    roles, bridge = system.world.roles, system.bridges[home]
    last = sequencer.stored(home, sequencer.height)
    requests = {
        lane: sequencer.requests.get(lane, home, sequencer.requests.last_request_id(lane, home)) for lane in Lane
    }
    figures = _open_history(system, sequencer, home)
    system.world.advance_time(max(EXPIRY_SECONDS, EXECUTION_SECONDS) + 1)
    primary = system.bridges[system.deployment.primary]
    figures["freeze_for_execution"] = primary.exodus.freeze_for_execution(roles.stranger).gas_used
    frozen = bridge.exodus.freeze_for_request(roles.stranger, Lane.SWAP, requests[Lane.SWAP].words(), last)
    figures["freeze_for_request"] = frozen.gas_used
    final = sequencer.block(sequencer.height)
    for source in sorted(system.bridges):
        if source != home:
            unseen = 0 if source == system.deployment.primary or final.is_concerned(source) else 1
            figures["receive_message, a freeze"] = deliver_message(
                system, sequencer, home, source, MessageKind.FRZ, unseen
            )
    found = bridge.ledger.find_common_block(roles.stranger, [_open(sequencer, final.number)])
    figures["find_common_block, one block to open"] = found.gas_used
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
