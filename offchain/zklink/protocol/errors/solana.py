"""Solana: the program's build."""

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
