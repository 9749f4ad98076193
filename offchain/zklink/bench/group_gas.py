"""Gas of a change of a group's members: takes a run, gives gas by figure, and sets the chains back."""

from zklink.bench.block_run import HOME, BlockRun
from zklink.bench.end_gas import pass_window
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.protocol.facts import Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS


def measure_groups(run: BlockRun) -> dict[str, int]:
    """Three validators, of whom one is new, are announced, and have a word after the delay; then one is removed. What
    the governor does goes through its timelock.
    """
    roles, groups = run.system.world.roles, run.system.bridges[HOME].groups
    members = sorted((roles.stranger.address, *(each.address for each in roles.validators[1:])), key=_number)
    with run.system.world.isolated():
        announced = groups.announce_members(roles.governor, Group.VALIDATORS, members, GROUP_THRESHOLD)
        pass_window(run, GROUP_DELAY_SECONDS)
        replaced = groups.replace_members(roles.stranger)
        removed = groups.remove_member(roles.governor, Group.VALIDATORS, roles.stranger.address)
    return {
        "announce three members": announced.gas_used,
        "replace three members": replaced.gas_used,
        "remove a member": removed.gas_used,
    }


def _number(address: str) -> int:
    return int(address, 16)
