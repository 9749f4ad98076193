"""Where faults can strike in a world: what strategies draw from. Data, without a chain."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """What the EVM chains are made of, names of chains of every kind, ways, carried events, the contracts that emit
    them, chains with a node before them, and what each Solana chain is made of.
    """

    backend: str
    chains: tuple[str, ...]
    ways: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    solana: tuple[tuple[str, str], ...] = ()

    def made_of(self, *backends: str) -> tuple[str, ...]:
        """The chains that are made of one of these."""
        known = dict(self.solana)
        return tuple(name for name in self.chains if known.get(name, self.backend) in backends)
