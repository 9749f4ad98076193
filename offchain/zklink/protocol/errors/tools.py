"""Programs, packages and files that the product runs on."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ToolError


@dataclass(eq=False)
class ToolMissing(ToolError):
    """A program or package is not where it should be.
    Do: Run `zklink setup`.
    """

    name: str

    def __str__(self) -> str:
        return f"{self.name} is not installed; run `zklink setup`"


@dataclass(eq=False)
class ToolFailed(ToolError):
    """A program ended with an error.
    Do: Read `output`, mend what it says, and run the command again.
    """

    name: str
    output: str

    def __str__(self) -> str:
        return f"{self.name} failed: {self.output.strip()}"


@dataclass(eq=False)
class FileNotWritten(ToolError):
    """A file could not be written (disk full, no permission); what was there before is unchanged.
    Do: Make room or give the permission. A node tries again by itself; a command can be run again.
    """

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path} is not written: {self.detail}; what was there before is unchanged"


@dataclass(eq=False)
class FileInUse(ToolError):
    """Another process has a file that one process alone may write, such as a node's journal.
    Do: End the other process, or give this one a file of its own.
    """

    path: str

    def __str__(self) -> str:
        return f"{self.path} is in use by another process"


@dataclass(eq=False)
class FileUnreadable(ToolError):
    """A file cannot be read, or holds bytes that are no text; `position` is that of the first such byte, or None.
    Do: Give another file, or put it back from a copy.
    """

    path: str
    position: int | None
    detail: str

    def __str__(self) -> str:
        place = "" if self.position is None else f", byte {self.position}"
        return f"{self.path}{place}: {self.detail}"


@dataclass(eq=False)
class TapeInvalid(ToolError):
    """A tape of swaps cannot be read.
    Do: Correct the line; the columns are described in the page on local chains.
    """

    line: int
    detail: str

    def __str__(self) -> str:
        return f"tape, line {self.line}: {self.detail}"


@dataclass(eq=False)
class PriceUnknown(ToolError):
    """A chain has no price of gas or of its coin, so nobody can say what its doors should cost.
    Do: Give `zklink prices` the price of every chain's coin (`--coin NAME=USD`), and a node of every chain.
    """

    chain: int

    def __str__(self) -> str:
        return f"chain {self.chain} has no price of gas or of its coin: give --coin and --rpc for every chain"


@dataclass(eq=False)
class DemoStuck(ToolError):
    """A step of a demo did not happen in time.
    Do: Run it again on a machine with less other work, or with a longer `--timeout`.
    """

    what: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.what} did not happen within {self.seconds:g} s"


@dataclass(eq=False)
class SettingsInvalid(ToolError):
    """A setting is wrong, missing or unknown. `place` is the file, or the variable of the environment; `key` the
    setting with the tables that it stands in. What stands there is not shown: it may be a secret.
    Do: Mend that setting there; docs/run-a-node.md lists all of them.
    """

    place: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.reason}" if self.key else f"{self.place}: {self.reason}"


@dataclass(eq=False)
class KeyFileInvalid(ToolError):
    """A file holds no key, or the passphrase does not open it. Its content is never shown.
    Do: Give a private key in hex, or a keystore and its passphrase.
    """

    path: str

    def __str__(self) -> str:
        return f"{self.path}: it is neither a private key in hex nor a keystore that the passphrase opens"


@dataclass(eq=False)
class ProofRefused(ToolError):
    """What a prover published does not prove the job that it had.
    Do: Check the prover's version and keys: they must be those of the deployment.
    """

    job: str
    reason: str

    def __str__(self) -> str:
        return f"job {self.job}: {self.reason}"


@dataclass(eq=False)
class ProvingStopped(ToolError):
    """The node ends, and a proof that was waited for is not made. Its job stays in the database.
    Do: Nothing; the next start goes on with it.
    """

    block: int

    def __str__(self) -> str:
        return f"block {self.block} is not proven: the node ends"


@dataclass(eq=False)
class NodeUnreachable(ToolError):
    """A node of this system does not answer over HTTP, or answers oddly.
    Do: Check its address and that it runs; a prover asks again by itself.
    """

    host: str
    detail: str

    def __str__(self) -> str:
        return f"{self.host}: {self.detail}"
