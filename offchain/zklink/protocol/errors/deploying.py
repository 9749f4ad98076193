"""Errors of a deployment on public networks: its environment, its journal, and what it finds on the chains."""

from dataclasses import dataclass

from zklink.protocol.errors.base import L1Error


@dataclass(eq=False)
class RehearsalFailed(L1Error):
    """A contract of a plan cannot be created, not even on a chain in this process; nothing was sent.
    Do: Read `reason`, which is the constructor's own; correct what the environment says of it.
    """

    contract: str
    chain: str
    reason: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.contract} cannot be created: {self.reason}"


@dataclass(eq=False)
class JournalUnfit(L1Error):
    """A deployment's journal does not belong to what is to be deployed, or cannot be read; nothing was sent.
    Do: Go on with the environment file, the sources and the account that the journal was begun with. If nothing that
    it lists is to be kept, move the journal away: then everything is deployed anew.
    """

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path} is the journal of another deployment: {self.detail}"


@dataclass(eq=False)
class NonceSpent(L1Error):
    """The nonce that a contract's address was predicted from is used by another transaction, mined or waiting: that
    contract can never stand where the others expect it.
    Do: Let nothing else send from the deployer's account. If the other transaction still waits, replace it and run the
    same command again. If it is mined, move the journal away and deploy anew, with an account used for nothing else.
    """

    chain: str
    account: str
    nonce: int
    contract: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: nonce {self.nonce} of {self.account}, which creates {self.contract}, {self.detail}"


@dataclass(eq=False)
class CodeUnexpected(L1Error):
    """Something else stands at an address where a contract of the deployment should.
    Do: Compare the sources with those that the deployment was begun with; else move the journal away and deploy anew.
    """

    chain: str
    contract: str
    address: str

    def __str__(self) -> str:
        return f"{self.chain}: the contract at {self.address} is not {self.contract} of these sources"


@dataclass(eq=False)
class FoundingOver(L1Error):
    """A Solana chain's timelock waits 55 days for what a deployment has still to do there: the week in which whoever
    pays acts at once is over, or somebody has closed it.
    Do: Whoever owns the timelock proposes what is missing, and executes it 55 days later (`ape run govern program`); or
    begin anew: move the journal away and name new keypairs for both programs.
    """

    chain: str
    step: str
    timelock: str

    def __str__(self) -> str:
        return (
            f"{self.chain}: the founding of the timelock {self.timelock} is over, and {self.step} is missing: propose "
            "it (55 days), or begin anew with new keypairs for both programs"
        )


@dataclass(eq=False)
class FundsShort(L1Error):
    """An account cannot pay the gas of a deployment on a chain; nothing was sent.
    Do: Send the account what is missing, and run the same command again.
    """

    chain: str
    account: str
    has_wei: int
    needs_wei: int
    coin: str

    def __str__(self) -> str:
        has, needs = (f"{wei / 10**18:.6f} {self.coin}" for wei in (self.has_wei, self.needs_wei))
        return f"{self.chain}: {self.account} has {has}, and the deployment takes up to {needs}"


@dataclass(eq=False)
class AccountUnknown(L1Error):
    """No account of this name is in ape's keystore.
    Do: Look with `ape accounts list` which there are; bring one in with `ape accounts import ALIAS`.
    """

    alias: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"ape knows no account {self.alias!r}; it knows {', '.join(self.known) or 'none'}"
