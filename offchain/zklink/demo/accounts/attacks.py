"""What goes wrong before the operator dies: stolen keys of watchers say a false END, and a chain forgets a request that
another one has paid.

Takes the cast; acts as the attacker, as the honest signers, as the governor. Never uses a power that its actor does not
have.
"""

from dataclasses import dataclass

from eth_typing import Hash32

from zklink.demo.accounts.actors import Cast
from zklink.demo.accounts.acts import send_swap
from zklink.demo.liquidity import wait
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.devnet.tokens import USDC
from zklink.protocol.errors import DemoStuck
from zklink.protocol.facts import End, Group, Seal
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
from zklink.recovery.keeper import Keeper

VICTIM = POLYGON.chain_id
FORGETFUL = BSC.chain_id


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A swap that another chain has paid and whose request its own chain does not have any more; in layer-2 units of
    the token that came in.
    """

    chain: ChainId
    block: BlockNumber
    token: TokenId
    amount: int


def say_false_end(cast: Cast) -> None:
    """Two of three watchers' keys are stolen: they say that the history has ended, while the primary lives. The
    validators deny it, and the governor voids it. Raises DemoStuck if they do not.
    """
    system, read, roles = cast.system, cast.read, cast.system.world.roles
    history, bridge = read.history(), system.bridges[VICTIM]
    place, name = Seal(history.height, history.sync_hash(history.height)), read.name(VICTIM)
    state = bridge.member_end.end_state()
    fact = End(VICTIM, place.number, place.sync_hash, state.round)
    digest = Hash32(fact.digest(system.deployment.deployment_hash))
    stolen = b"".join(bytes(key.unsafe_sign_hash(digest).signature) for key in roles.watchers[:GROUP_THRESHOLD])
    seal, *_ = read.groups.kept.of(place, Group.VALIDATORS)
    bridge.member_end.raise_end(roles.attacker, fact, (), seal, watchers=stolen)
    cast.say(f"stolen watchers' keys raise a false END on {name}, at block {place.number}")
    keeper = Keeper(read, roles.stranger)
    keeper.round(cast.say)
    if not bridge.member_end.end_state().denied_by_validators:
        raise DemoStuck("the validators' denial", 0)
    bridge.member_end.void_end(roles.governor)
    cast.say(f"{name}: the governor voids it; the next word must name round {state.round + 1}")


def forget_swap(cast: Cast) -> Forgotten:
    """A stranger swaps from a chain which then forgets it, though it had been final; everybody else has the block."""
    local, name = cast.system.world[FORGETFUL], cast.read.name(FORGETFUL)
    wait(cast.node, cast.node.is_settled, "the blocks before")
    snapshot, height = local.snapshot(), cast.node.sequencer.height
    amount = send_swap(cast, FORGETFUL)
    wait(cast.node, lambda: cast.node.sequencer.height > height and cast.node.is_settled(), "the last swap")
    cast.node.close()
    local.restore(snapshot)
    block = cast.node.sequencer.height
    cast.say(f"{name} forgets the request that block {block} has paid: it was not as final as it said")
    return Forgotten(FORGETFUL, block, USDC, amount)
