"""The words of groups that anybody can read off the chains: seals in the primary's calldata, ACC in the calldata of
imports and of blocks that the primary took again.

Takes facts with their evidence, as a chain has taken them; gives them again to whoever must show one. Pure.
"""

from dataclasses import dataclass, field

from zklink.protocol.facts import Accepted, Seal

Both = tuple[bytes, bytes]
"""The evidence of validators and of watchers."""


@dataclass
class WordsKept:
    """Evidence by fact."""

    seals: dict[Seal, bytes] = field(default_factory=dict)
    accepted: dict[Accepted, Both] = field(default_factory=dict)

    def keep_seal(self, fact: Seal, validators: bytes) -> None:
        """Keep the validators' seal of a block."""
        self.seals.setdefault(fact, validators)

    def keep_accepted(self, fact: Accepted, validators: bytes, watchers: bytes) -> None:
        """Keep both groups' word for a block of the primary."""
        self.accepted.setdefault(fact, (validators, watchers))
