"""What stands in the way of recovery from the chains alone."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class HistoryIncomplete(StateError):
    """A chain has not published its part of a block."""

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}"


@dataclass(eq=False)
class HistoryDisagrees(StateError):
    """What was read from a chain is not what its bridge holds, or not what the primary chain holds."""

    chain: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.chain}, block {self.number}: {self.what}; is the deployment file this deployment's?"


@dataclass(eq=False)
class ExitFileInvalid(StateError):
    """A file of exit proofs cannot be read."""

    file: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.detail}"


@dataclass(eq=False)
class NodeMissing(StateError):
    """No node is given for a chain of the deployment."""

    chain: str
    chains: tuple[str, ...]

    def __str__(self) -> str:
        return f"no node for {self.chain}: give --rpc NAME=URL once for each of {', '.join(self.chains)}"
