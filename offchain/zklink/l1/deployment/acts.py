"""Acts of government as data: what is called on which chain, so that one description makes the calls for all chains.

Takes a deployment's bridges and what is to be; gives the calls. Never sends anything: `government.py` does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.submission import Call
from zklink.protocol.facts import Group
from zklink.protocol.ids import Amount, ChainId, TokenId

Limits = tuple[Amount, Amount]
"""The smallest swap or deposit and the largest custody, in layer-2 units."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act; `title` is for people. Its calls on a chain are made together."""

    title: str
    calls: Mapping[ChainId, tuple[Call, ...]]


@dataclass(frozen=True, slots=True)
class Acts:
    """What the governor of a deployment can do, on the chains that it concerns."""

    bridges: Mapping[ChainId, BridgeClient]
    timelocks: Mapping[ChainId, TimelockClient]
    places: Collection[ChainId]
    """Every chain of the deployment, also those without contracts."""

    # -- slow: they admit something, or change who has a word --------------------------------------------------

    def register_token(self, token: TokenPlan) -> Act:
        """A token gets its meaning on every chain, also on those that do not have it."""
        calls = {
            k: (bridge.tokens.encode("register_token", token.token_id, token.config(k, self.places).abi()),)
            for k, bridge in self.bridges.items()
        }
        return Act(f"register {token.symbol} as token {token.token_id}", calls)

    def unpause_token(self, token_id: TokenId, chains: Iterable[ChainId]) -> Act:
        """New swaps and deposits of a token are admitted again."""
        return self._registry(f"admit token {token_id} again", dict.fromkeys(chains, ("unpause_token", token_id)))

    def set_limits(self, token_id: TokenId, limits: Mapping[ChainId, Limits]) -> Act:
        """A token's minimum and cap change."""
        calls = {k: ("set_token_limits", token_id, *pair) for k, pair in limits.items()}
        return self._registry(f"other limits of token {token_id}", calls)

    def bound_prices(self, bounds: Mapping[ChainId, Mapping[int, tuple[int, int]]]) -> Act:
        """What the setter can ask for doors: the lowest and the highest price in gwei, by kind."""
        calls = {
            k: tuple(
                self.bridges[k].tokens.encode("set_price_bounds", int(kind), *pair) for kind, pair in kinds.items()
            )
            for k, kinds in bounds.items()
        }
        return Act("other bounds of prices", calls)

    def name_setter(self, account: str) -> Act:
        """Somebody else sets prices, on every chain."""
        return self._registry(f"{account} sets prices", self._everywhere("set_setter", to_checksum_address(account)))

    def name_fee_recipient(self, account: str) -> Act:
        """Fees belong to somebody else, on every chain."""
        calls = self._everywhere("set_fee_recipient", to_checksum_address(account))
        return self._registry(f"fees belong to {account}", calls)

    def name_owner(self, account: str) -> Act:
        """The timelocks belong to somebody else, as soon as it accepts."""
        calls = {k: (lock.encode("set_owner", to_checksum_address(account)),) for k, lock in self.timelocks.items()}
        return Act(f"{account} owns the timelocks when it accepts", calls)

    # -- swift: they admit nothing -----------------------------------------------------------------------------

    def pause_token(self, token_id: TokenId, chains: Iterable[ChainId]) -> Act:
        """No new swaps and deposits of a token."""
        return self._registry(f"pause token {token_id}", dict.fromkeys(chains, ("pause_token", token_id)))

    def tighten_limits(self, token_id: TokenId, limits: Mapping[ChainId, Limits]) -> Act:
        """A higher minimum, a lower cap."""
        calls = {k: ("tighten_token_limits", token_id, *pair) for k, pair in limits.items()}
        return self._registry(f"tighter limits of token {token_id}", calls)

    def announce_group(self, group: Group, members: Sequence[str], threshold: int) -> Act:
        """A group gets these members on every chain, when its own delay is over."""
        listed = sorted(map(to_checksum_address, members), key=lambda member: int(member, 16))
        title = f"{len(listed)} {group.name.lower()}, of whom {threshold} sign"
        return self._groups(title, "announce_members", int(group), listed, threshold)

    def remove_member(self, group: Group, member: str) -> Act:
        """A group has one member less on every chain."""
        title = f"{member} is none of the {group.name.lower()} any more"
        return self._groups(title, "remove_member", int(group), to_checksum_address(member))

    def void_freeze(self, primary: ChainId, member: ChainId) -> Act:
        """The FRZ of a member that waits on the primary is void."""
        call = self.bridges[primary].primary_end.encode("void_freeze", member)
        return Act(f"the freeze of chain {member} is void", {primary: (call,)})

    def deny_end(self, member: ChainId) -> Act:
        """The watchers' END that waits on a member is contested 14 days longer."""
        call = self.bridges[member].member_end.encode("deny_end", b"")
        return Act(f"the END of chain {member} is denied by the governor", {member: (call,)})

    def void_end(self, member: ChainId) -> Act:
        """The END that waits on a member, and that the validators have denied, is void."""
        call = self.bridges[member].member_end.encode("void_end")
        return Act(f"the END of chain {member} is void", {member: (call,)})

    def _everywhere(self, *call: object) -> dict[ChainId, tuple[object, ...]]:
        return dict.fromkeys(self.bridges, call)

    def _registry(self, title: str, calls: Mapping[ChainId, tuple[object, ...]]) -> Act:
        encoded = {
            k: (self.bridges[k].tokens.encode(str(function), *arguments),)
            for k, (function, *arguments) in calls.items()
        }
        return Act(title, encoded)

    def _groups(self, title: str, function: str, *arguments: object) -> Act:
        return Act(title, {k: (bridge.groups.encode(function, *arguments),) for k, bridge in self.bridges.items()})
