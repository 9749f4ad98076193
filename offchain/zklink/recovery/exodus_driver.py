"""Brings chains to exodus, one transaction at a time, from the published data of the chains and the groups' words.

Takes what is read of all chains and an account that pays gas; each `advance` looks at one chain and sends its next
transaction. Decides by the present state of the chains, so others may do the same, and a restart changes nothing. Never
uses a key of the operator or of a group.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import Outcome
from zklink.recovery.ways import ContractWay, Way

NO_WAYS: Final[Mapping[ChainId, Way]] = MappingProxyType({})


class ExodusDriver:
    """Drives all chains of a deployment; `programs` are the ways of those whose bridge is a program, the only ones
    without an `account`. Raises HistoryDisagrees, HistoryIncomplete, LogsIncomplete, RequestGap, RpcUnavailable, and
    what `ChainClient.send` raises.
    """

    def __init__(
        self,
        read: ChainsRead,
        account: LocalAccount | None,
        may_freeze: bool = True,
        programs: Mapping[ChainId, Way] = NO_WAYS,
    ) -> None:
        self.read, self.may_freeze = read, may_freeze
        self.ways = list_ways(read, account, programs)

    def advance(self, chain: ChainId) -> Outcome:
        """Send the next transaction that brings `chain` towards exits."""
        return self.ways[chain].advance(may_freeze=self.may_freeze)


def list_ways(read: ChainsRead, account: LocalAccount | None, programs: Mapping[ChainId, Way]) -> dict[ChainId, Way]:
    """The way of each chain, by what its bridge is; without an account those of programs alone."""
    if account is None:
        return dict(programs)
    ways: dict[ChainId, Way] = {chain: ContractWay(read, chain, account) for chain in read.bridges}
    return ways | dict(programs)
