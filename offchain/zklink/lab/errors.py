"""The errors of local chains: a small tree of its own, one class per cause, its data as fields.

LabError
+-- AnvilFailed         a local chain did not start
+-- AnvilMissing        there is no anvil to start one with
+-- ForkUnreachable     the node that a fork was to stand on does not answer
+-- ForkElsewhere       the node that a fork was to stand on serves another chain
+-- NoSuchChain         a name that none of the chains has
+-- NodeRefused         a local chain's node answers a request with an error
+-- TimeNotLater        a block cannot be as old as its parent, or older
"""

from dataclasses import dataclass


class LabError(Exception):
    """Every error that this package raises on purpose."""


@dataclass(eq=False)
class AnvilFailed(LabError):
    """A local chain did not start.
    Do: Read `detail`; a port that is taken or an anvil that is not Foundry's are the usual causes.
    """

    chain: str
    detail: str

    def __str__(self) -> str:
        return f"anvil for {self.chain} did not start: {self.detail}"


@dataclass(eq=False)
class AnvilMissing(LabError):
    """There is no anvil on PATH, and no other place is given.
    Do: Install Foundry, or use the chains `test`, which need no anvil.
    """

    def __str__(self) -> str:
        return "anvil is not on PATH: install Foundry, or say where the binary is"


@dataclass(eq=False)
class ForkUnreachable(LabError):
    """The node that a fork was to stand on does not answer. The message leaves its address out, which may hold a
    key.
    Do: Correct the address in the variable, or unset it: then the fork stands on an empty local chain.
    """

    chain: str
    variable: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: the node in {self.variable} does not answer ({self.detail})"


@dataclass(eq=False)
class ForkElsewhere(LabError):
    """The node that a fork was to stand on serves another chain.
    Do: Put the address of a node of the expected chain into the variable.
    """

    chain: str
    variable: str
    expected: int
    found: int

    def __str__(self) -> str:
        return f"{self.chain}: the node in {self.variable} serves EVM chain {self.found}, not {self.expected}"


@dataclass(eq=False)
class NoSuchChain(LabError):
    """None of the chains has this name. `names` are those there are.
    Do: Use one of `names`.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"no chain is called {self.name}; there are {', '.join(self.names)}"


@dataclass(eq=False)
class NodeRefused(LabError):
    """A local chain's node answers a request with an error; `detail` is its text.
    Do: Read `detail`: the request itself is wrong, and asking again does not help.
    """

    chain: str
    method: str
    detail: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.method} is refused: {self.detail}"


@dataclass(eq=False)
class TimeNotLater(LabError):
    """A block must be at least one second later than its parent.
    Do: Let at least one second pass.
    """

    chain: str
    seconds: int

    def __str__(self) -> str:
        return f"{self.chain}: time goes on by at least one second, not by {self.seconds}"
