"""Gas of government through a chain's timelock: takes a run, gives gas by figure, and sets the chains back."""

from typing import Final

from zklink.bench.block_run import HOME, BlockRun
from zklink.bench.end_gas import pass_window
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.timelock import MAX_CALLS, Proposal, TimelockClient
from zklink.protocol.ids import GROUP_DELAY_SECONDS, Door

BLOCKS_PER_DAY: Final = 6


def measure_timelock(run: BlockRun) -> dict[str, int]:
    """Proposals of one and of eight calls, made and executed; a pause at once; a new owner; the founding's end."""
    roles, client = run.system.world.roles, run.system.world[HOME].client
    timelock = TimelockClient(client, run.system.deployment.chains[HOME].timelock)
    registry, governor = run.system.bridges[HOME].tokens, roles.governor
    bounds = [registry.encode("set_price_bounds", int(Door.DEPOSIT), 1, 1_000 + i) for i in range(MAX_CALLS)]
    one, eight = Proposal((registry.encode("unpause_token", USDC),)), Proposal(tuple(bounds))
    hand_over = Proposal((timelock.encode("set_owner", roles.stranger.address),))
    other = Proposal(one.calls, bytes([1] * 32))
    with run.system.world.isolated():
        receipts = {
            "pause a token through the timelock": registry.pause_token(governor, USDC),
            "propose one call": timelock.propose(governor, one),
            "propose eight calls": timelock.propose(governor, eight),
        }
        timelock.propose(governor, hand_over)
        timelock.propose(governor, other)
        receipts["cancel a proposal"] = timelock.cancel(governor, timelock.compute_id(other))
        pass_window(run, GROUP_DELAY_SECONDS)
        receipts["execute one call"] = timelock.execute(roles.stranger, one)
        receipts["execute eight calls"] = timelock.execute(roles.stranger, eight)
        timelock.execute(roles.stranger, hand_over)
        receipts["accept a timelock"] = timelock.accept_ownership(roles.stranger)
        fresh = client.deploy(roles.deployer, load_contract("Timelock"), governor.address, BLOCKS_PER_DAY, [])
        receipts["close the founding"] = TimelockClient(client, fresh).close_founding(governor)
    return {name: receipt.gas_used for name, receipt in receipts.items()}
