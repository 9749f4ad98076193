"""What goes wrong before the operator dies: stolen keys of watchers say a false END, and a chain forgets a request that
another one has paid.

Takes the cast; acts as the attacker, as the honest signers, as the governor. Never uses a power that its actor does not
have.
"""

from dataclasses import dataclass

from eth_typing import Hash32

from zklink.client.quotes import Quote
from zklink.demo.accounts.actors import Cast
from zklink.demo.accounts.acts import quote_swap, stranger
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
    the token that came in. `quote` is what it was sent by.
    """

    chain: ChainId
    block: BlockNumber
    token: TokenId
    amount: int
    quote: Quote


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
    cast.network.ask(lambda: keeper.round(cast.say))
    if not bridge.member_end.end_state().denied_by_validators:
        raise DemoStuck("the validators' denial", 0)
    bridge.member_end.void_end(roles.governor)
    cast.say(f"{name}: the governor voids it; the next word must name round {state.round + 1}")


def forget_swap(cast: Cast) -> Forgotten:
    """A stranger swaps from a chain which then forgets it, though it had been final; everybody else has the block. The
    node has stopped by then.
    """
    local, name, patience = cast.system.world[FORGETFUL], cast.read.name(FORGETFUL), cast.options.timeout_seconds
    cast.network.wait_settled(patience)
    snapshot, quote = local.snapshot(), quote_swap(cast, FORGETFUL)
    cast.client.wait(cast.client.swap(stranger(cast), quote), patience)
    cast.network.wait_settled(patience)
    block = BlockNumber(cast.client.api.status().block)
    cast.network.stop()
    local.restore(snapshot)
    cast.say(f"{name} forgets the request that block {block} has paid: it was not as final as it said")
    return Forgotten(FORGETFUL, block, USDC, quote.amount_in, quote)
