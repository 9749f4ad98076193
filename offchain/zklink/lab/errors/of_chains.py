"""What can be wrong with local chains."""

from dataclasses import dataclass

from zklink.lab.errors.base import LabError


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
class ClusterElsewhere(LabError):
    """The node that a fork of Solana was to stand on serves another cluster; both are genesis hashes.
    Do: Put the address of a node of the expected cluster into the variable, or name its genesis hash.
    """

    chain: str
    variable: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.chain}: the node in {self.variable} serves the cluster {self.found}, not {self.expected}"


@dataclass(eq=False)
class EngineFailed(LabError):
    """revm did not begin to execute a message. `detail` is what it says.
    Do: Read `detail`: the message itself cannot be executed on any chain.
    """

    evm_chain_id: int
    detail: str

    def __str__(self) -> str:
        return f"revm refuses a message on EVM chain {self.evm_chain_id}: {self.detail}"


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
class ForkUnnamed(LabError):
    """Nothing says which node a fork is to stand on.
    Do: Put a node's address into the variable, or choose chains that are no forks.
    """

    chain: str
    variable: str

    def __str__(self) -> str:
        return f"{self.chain}: a fork needs a node: put its address into {self.variable}, or choose another back end"


@dataclass(eq=False)
class NoSuchBackend(LabError):
    """Nothing that chains can be made of has this name. `names` are those there are.
    Do: Use one of `names`.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"chains cannot be made of {self.name}; choose one of {', '.join(self.names)}"


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
class PortTaken(LabError):
    """Another program listens on the port.
    Do: Choose another port, or 0 for a free one.
    """

    port: int

    def __str__(self) -> str:
        return f"port {self.port} is taken: choose another, or 0 for a free one"


@dataclass(eq=False)
class SoldersMissing(LabError):
    """There is no solders, which runs Solana's programs in process.
    Do: Install `zklink[solana]`.
    """

    def __str__(self) -> str:
        return "a Solana chain needs solders: pip install 'zklink[solana]'"


@dataclass(eq=False)
class SpecUnusable(LabError):
    """Chains cannot be as they are asked for.
    Do: Read `reason`.
    """

    chain: str
    reason: str

    def __str__(self) -> str:
        return f"{self.chain or 'a chain without a name'}: {self.reason}"


@dataclass(eq=False)
class SurfnetFailed(LabError):
    """Surfpool's network did not start.
    Do: Read `detail`; a node older than version 18 or a system without glibc are the usual causes.
    """

    chain: str
    detail: str

    def __str__(self) -> str:
        return f"the Surfnet for {self.chain} did not start: {self.detail}"


@dataclass(eq=False)
class PyrevmMissing(LabError):
    """There is no pyrevm. It has wheels for Python 3.11 and 3.12 only.
    Do: Install `zklink[lab]` with Python 3.11 or 3.12, or use the chains `test`.
    """

    python: str

    def __str__(self) -> str:
        if self.python not in ("3.11", "3.12"):
            return f"chains on revm need Python 3.11 or 3.12, for pyrevm; this is Python {self.python}"
        return "chains on revm need pyrevm: pip install 'zklink[lab]'"


@dataclass(eq=False)
class ReorgTooDeep(LabError):
    """A reorganisation takes at least one block, and leaves the first; on a fork, the first of its own. It can take
    `height` blocks at most.
    Do: Mine more blocks first, or ask for fewer.
    """

    depth: int
    height: int

    def __str__(self) -> str:
        if self.height < 1:
            return "a reorganisation finds no block to take on this chain: mine some first"
        return f"a reorganisation takes 1 to {self.height} blocks of this chain, not {self.depth}"


@dataclass(eq=False)
class SnapshotGone(LabError):
    """The chain has been set further back since the snapshot was taken.
    Do: Take a new snapshot after each return to an earlier one.
    """

    evm_chain_id: int

    def __str__(self) -> str:
        return f"EVM chain {self.evm_chain_id} has been set further back since: take a new snapshot"


@dataclass(eq=False)
class TimestampNotLater(LabError):
    """A block's time must be later than its parent's; both UNIX seconds.
    Do: Choose a time after `parent`.
    """

    parent: int
    timestamp: int

    def __str__(self) -> str:
        return f"a block after one of time {self.parent} cannot have time {self.timestamp}: it must be later"


@dataclass(eq=False)
class TransactionRefused(LabError):
    """A chain in process does not take a transaction in. `reason` is in the words of nodes.
    Do: Correct what `reason` names, and sign again.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class TimeNotLater(LabError):
    """A block must be at least one second later than its parent.
    Do: Let at least one second pass.
    """

    chain: str
    seconds: int

    def __str__(self) -> str:
        return f"{self.chain}: time goes on by at least one second, not by {self.seconds}"
