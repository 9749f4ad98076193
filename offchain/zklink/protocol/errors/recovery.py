"""Errors of recovery from the chains alone."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class HistoryIncomplete(StateError):
    """A block that is needed does not stand in the primary's calldata, as the node at hand shows it.
    Do: Wait until the primary has the block, or give a node that knows the whole chain.
    """

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}"


@dataclass(eq=False)
class HistoryDisagrees(StateError):
    """Data read from a chain contradicts its contracts' own hashes, or the contract there is another deployment's.
    Do: Check that the deployment file is the one of this deployment, then try another node.
    """

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}; does the deployment file belong to this deployment?"


@dataclass(eq=False)
class ExitFileInvalid(StateError):
    """A file of exit proofs cannot be read.
    Do: Make the file again with `zklink recover`.
    """

    file: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.detail}"


@dataclass(eq=False)
class ExitsRefused(StateError):
    """Exits that a chain does not take; nothing was sent for them. One line for each, with the chain's reason.
    Do: Look each chain's reason up among the revert reasons; make the file again with `zklink recover` when proofs
    do not verify.
    """

    refused: tuple[str, ...]

    def __str__(self) -> str:
        what = "an exit is" if len(self.refused) == 1 else f"{len(self.refused)} exits are"
        advice = (
            "A proof that does not verify was made against another block than the one at which the chain ends, or was "
            "changed: make the file again with `zklink recover`"
        )
        return "\n".join((f"{what} refused, and nothing was sent:", *self.refused, advice))


@dataclass(eq=False)
class NodeMissing(StateError):
    """No node is given for a chain of the deployment.
    Do: Give `--rpc NAME=URL` once for each chain.
    """

    chain: str
    chains: tuple[str, ...]

    def __str__(self) -> str:
        return f"no node for {self.chain}: give --rpc NAME=URL once for each of {', '.join(self.chains)}"


@dataclass(eq=False)
class ChainUnknown(StateError):
    """A node is given for a chain that the deployment does not have.
    Do: Use the names of the chains in the deployment file.
    """

    chain: str
    chains: tuple[str, ...]

    def __str__(self) -> str:
        return f"the deployment has no chain {self.chain!r}: its chains are {', '.join(self.chains)}"


@dataclass(eq=False)
class WordsInvalid(StateError):
    """A file of the groups' words cannot be read.
    Do: Ask whoever published it, the operator or a signer, for the file of this deployment.
    """

    file: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.detail}"
