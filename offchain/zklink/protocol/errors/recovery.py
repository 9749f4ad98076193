"""Errors of recovery from the chains alone."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class HistoryIncomplete(StateError):
    """A chain has not published its part of a block.
    Do: Wait until the chain has the block, or give a node that knows the whole chain.
    """

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}"


@dataclass(eq=False)
class HistoryDisagrees(StateError):
    """Data read from a chain contradicts its bridge's own hashes, or the primary chain.
    Do: Check that the deployment file is the one of this deployment, then try another node.
    """

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}; does the deployment file belong to this deployment?"


@dataclass(eq=False)
class TraceUnavailable(StateError):
    """A node does not show what happens inside a transaction.
    Do: Give a node that answers `debug_traceTransaction`.
    """

    chain: str
    tx_hash: bytes
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: the node does not trace 0x{self.tx_hash.hex()}: {self.detail}"


@dataclass(eq=False)
class BlockUnreadable(StateError):
    """The words of a block's slice, needed to rebuild the state, are not where the nodes at hand can show them.
    Do: Give `--rpc NAME=URL` of a node that answers `debug_traceTransaction` for this transaction.
    """

    chain: str
    number: int
    tx_hash: bytes
    detail: str

    def __str__(self) -> str:
        return (
            f"{self.chain}, block {self.number}: the words of its slice do not stand in the input of transaction "
            f"0x{self.tx_hash.hex()}; they are in a call that a contract made there, and {self.detail}. "
            f"Give --rpc {self.chain}=URL of a node that answers debug_traceTransaction for this transaction"
        )


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
            "A proof that does not verify was made against another block than the last common one, or was changed: "
            "make the file again with `zklink recover`"
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
