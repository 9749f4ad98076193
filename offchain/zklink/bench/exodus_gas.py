"""Gas of an exodus on the home chain: begun when END stands there, requests cancelled, an owner's exit by proof.

Takes a run on which every chain has every block and has paid everything, and on which the home chain has one open
request in each queue; gives gas by figure. Never uses a key of the operator.
"""

from typing import Final

from zklink.bench.block_run import HOME, BlockRun
from zklink.bench.end_gas import raise_end_by_both
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import Exit
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import AccountId, Lane
from zklink.prover.source import Statement
from zklink.transition.exit import compute_exit
from zklink.transition.exit_authority import compute_exit_inputs

_NAMES: Final = {Lane.SWAP: "swap", Lane.ACCOUNT: "deposit"}


def measure_exodus(run: BlockRun, account: AccountId) -> dict[str, int]:
    """END stands, exodus begins, and the account, which belongs to the depositor, leaves with its dollars."""
    roles, exodus, requests = run.system.world.roles, run.system.bridges[HOME].exodus, run.sequencer.requests
    raise_end_by_both(run, 0)
    figures = {"begin exodus": exodus.begin_exodus(roles.stranger).gas_used}
    for lane, name in _NAMES.items():
        request = requests.get(lane, HOME, requests.last_request_id(lane, HOME))
        cancelled = exodus.cancel_requests(roles.stranger, lane, [request.words()])
        figures[f"cancel requests, one {name}"] = cancelled.gas_used
    domain = compute_exit_domain(run.system.deployment.deployment_hash)
    publics = compute_exit_inputs(compute_exit(run.sequencer.state, account, USDC, HOME), None, domain)
    proof = run.provers[Statement.EXIT].forge(tuple(publics)).evm()
    left = exodus.exit(run.depositor, Exit(publics.x0, publics.recipient_lo, publics.x1, tuple(proof)))
    return figures | {"exit by proof, ERC-20": left.gas_used}
