"""Brings chains to exodus, one transaction at a time, from the published data of the chains and the groups' words.

Takes what is read of all chains and an account that pays gas; each `advance` looks at one chain and sends its next
transaction. Decides by the present state of the chains, so others may do the same, and a restart changes nothing. Never
uses a key of the operator or of a group.
"""

from eth_account.signers.local import LocalAccount

from zklink.protocol.ids import ChainId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.member_steps import advance_member
from zklink.recovery.outcome import Outcome
from zklink.recovery.primary_steps import advance_primary


class ExodusDriver:
    """Drives all chains of a deployment. Raises HistoryDisagrees, HistoryIncomplete, LogsIncomplete, RequestGap,
    RpcUnavailable, and what `ChainClient.send` raises.
    """

    def __init__(self, read: ChainsRead, account: LocalAccount, may_freeze: bool = True) -> None:
        self.read, self.account, self.may_freeze = read, account, may_freeze
        self.deployment, self.bridges = read.deployment, read.bridges

    def advance(self, chain: ChainId) -> Outcome:
        """Send the next transaction that brings `chain` towards exits."""
        if chain == self.deployment.primary:
            return advance_primary(self.read, self.account, self.may_freeze)
        return advance_member(self.read, chain, self.account, self.may_freeze)
