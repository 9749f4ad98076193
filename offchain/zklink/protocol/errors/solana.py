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
