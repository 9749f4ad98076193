"""Solana: the program's build, and its transactions."""

from dataclasses import dataclass

from zklink.protocol.errors.base import L1Error


@dataclass(eq=False)
class ProgramNotCompiled(L1Error):
    """The C compiler refuses the Solana program.
    Do: Read `detail`; with untouched sources, install what `pip install 'zklink[solana]'` brings.
    """

    detail: str

    def __str__(self) -> str:
        return f"the Solana program does not compile: {self.detail}"


@dataclass(eq=False)
class ProgramNotLinked(L1Error):
    """An object file is nothing that a Solana program can be made of.
    Do: Read `cause`; it names the section or the symbol.
    """

    cause: str

    def __str__(self) -> str:
        return f"the Solana program cannot be linked: {self.cause}"


@dataclass(eq=False)
class WrongCluster(L1Error):
    """A node serves another Solana cluster than the one that is meant; nothing was sent. Clusters are named by the
    hashes of their geneses.
    Do: Give a node of the cluster, or correct `genesis` in the file.
    """

    chain: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.chain}: the node serves the cluster {self.found}, and the file says {self.expected}"


@dataclass(eq=False)
class LamportsShort(L1Error):
    """A payer cannot pay the rent and the fees of a deployment on a Solana chain; nothing was sent. In lamports.
    Do: Send the payer what is missing, and run the same command again.
    """

    chain: str
    payer: str
    has: int
    needs: int

    def __str__(self) -> str:
        has, needs = (f"{lamports / 10**9:.6f} SOL" for lamports in (self.has, self.needs))
        return f"{self.chain}: the payer {self.payer} has {has}, and the deployment takes up to {needs}"


@dataclass(eq=False)
class TransactionExpired(L1Error):
    """A Solana transaction has not landed while it could, however often it was signed anew; none of `signatures` ever
    will.
    Do: Offer a higher priority fee, or look whether the node hands transactions on. The call can be made again.
    """

    chain: str
    call: str
    signatures: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.chain}: {self.call} has not landed; it was signed {len(self.signatures)} times"
