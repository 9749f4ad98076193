"""What one chain might do by version 1, which the star has replaced: kept because version_1.py attacks it.

Takes one chain's state, gives yes or no or a new state. Knows nothing of the other chains but their messages, nothing
of time (whatever a clock may allow is allowed at any moment) and nothing of proofs (every block is valid; what a proof
cannot tell a chain is whether another chain's slice is forged). No contract implements these rules.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

CHAINS = (0, 1, 2)
PRIMARY = 0


class Actor(Enum):
    """Who sends a transaction. The validator is one of anyone; it may be dishonest, and it may be gone."""

    VALIDATOR = "validator"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block as far as sync cares. Two objects are two blocks, with different hashes, even when they look alike."""

    name: str
    slices: frozenset[int]
    """The chains whose slice is not empty."""
    forged: frozenset[int]
    """Those of them whose slice holds requests that were never queued there."""

    def concerns(self, k: int) -> bool:
        """Every block concerns the primary, also when its own slice is empty."""
        return k == PRIMARY or k in self.slices

    def __repr__(self) -> str:
        return self.name


History = tuple[Block, ...]
"""Blocks 1..n. It stands for sync_hash_n too: a hash that cannot collide says as much as what it hashes, and opening it
downwards is taking a prefix."""


class Heard(NamedTuple):
    """What has arrived from one other chain. Messages are true (k of n transports are honest); no more is promised."""

    accepted: History
    """Of the ACC with the highest number; it opens to all lower ones, so the set that arrived need not be kept."""
    frozen: History | None
    """H_F of FRZ(k, F, H_F)."""


NOTHING_HEARD = Heard((), None)


class Chain(NamedTuple):
    """One bridge. (A named tuple, not a dataclass: millions of them are hashed.)"""

    me: int
    proven: History = ()
    """Committed and proven; a block that is only committed binds nobody and is left out."""
    accepted: int = 0
    executed: int = 0
    frozen: int | None = None
    """F, once frozen."""
    exodus: int | None = None
    """The last block before exodus: what no block up to it consumes is cancelled, and exits open against its root."""
    heard: tuple[Heard, ...] = (NOTHING_HEARD,) * len(CHAINS)

    @property
    def accepted_history(self) -> History:
        """The blocks that this chain can never take back."""
        return self.proven[: self.accepted]


class Rules:
    """The protocol as it is meant. Words in quotes are the design's."""

    # Messages

    def hear_acc(self, chain: Chain, source: int, history: History) -> Chain:
        """ "Stale, duplicate, reordered messages change nothing." """
        said = chain.heard[source]
        if len(history) <= len(said.accepted):
            return chain
        return self._hear(chain, source, Heard(history, said.frozen))

    def hear_frz(self, chain: Chain, source: int, history: History) -> Chain:
        """ "A chain that receives a FRZ freezes too"; the FRZ of each chain is remembered once."""
        said = chain.heard[source]
        if said.frozen is not None:
            return chain
        return self.freeze(self._hear(chain, source, Heard(said.accepted, history)))

    def _hear(self, chain: Chain, source: int, said: Heard) -> Chain:
        return chain._replace(heard=(*chain.heard[:source], said, *chain.heard[source + 1 :]))

    def is_known(self, chain: Chain, source: int, history: History) -> bool:
        """Whether `source` is known to have accepted exactly these blocks. ACC and FRZ alike are facts, for their
        number and, "opened block by block", for every lower one. A chain knows of itself what it has accepted."""
        if source == chain.me:
            return is_prefix(history, chain.accepted_history)
        said = chain.heard[source]
        return is_prefix(history, said.accepted) or (said.frozen is not None and is_prefix(history, said.frozen))

    # Commit, prove, revert, accept, execute

    def can_prove(self, chain: Chain, block: Block, actor: Actor) -> bool:
        """Commit and prove the next block: "own queue matched request by request"; before a freeze the validator
        alone."""
        if chain.me in block.forged:
            return False
        if chain.frozen is None:
            return actor is Actor.VALIDATOR
        return self.can_import(chain, block, actor)

    def can_import(self, chain: Chain, block: Block, actor: Actor) -> bool:
        """The same once frozen: "open to anyone", but "only blocks on the hash chain opened from the primary's
        frozen hash H_0 and only if its own slice in them is empty; a frozen primary accepts nothing"."""
        if chain.me == PRIMARY or chain.me in block.slices:
            return False
        return self.is_in_primary_history(chain, (*chain.proven, block))

    def is_in_primary_history(self, chain: Chain, history: History) -> bool:
        """Whether these blocks open from H_0 of FRZ(primary, F_0, H_0)."""
        frozen = chain.heard[PRIMARY].frozen
        return frozen is not None and is_prefix(history, frozen)

    def can_revert(self, chain: Chain, actor: Actor) -> bool:
        """ "What is not yet accepted can be reverted." """
        return len(chain.proven) > chain.accepted and (actor is Actor.VALIDATOR or chain.frozen is not None)

    def can_accept(self, chain: Chain) -> bool:
        """ "The primary accepts what it has proven; every other chain accepts block n only after it has proven it and
        knows the primary's ACC for n with the same hash." Irrevocable, and open to anyone."""
        number = chain.accepted + 1
        if number > len(chain.proven):
            return False
        if chain.me == PRIMARY:
            return chain.frozen is None
        return self.is_known(chain, PRIMARY, chain.proven[:number])

    def can_execute(self, chain: Chain) -> bool:
        """The next block n, "iff every chain concerned by some block <= n has announced ACC for the last such block
        with a hash equal to ours". Blocks are executed in order, so only the chains that n itself concerns are
        asked."""
        number = chain.executed + 1
        if number > chain.accepted:
            return False
        block, history = chain.proven[number - 1], chain.proven[:number]
        return all(self.is_known(chain, k, history) for k in CHAINS if block.concerns(k))

    # Freeze, abort, last common block, exodus

    def freeze(self, chain: Chain) -> Chain:
        """One-way, by anyone once time is up. "Freezing drops what is not accepted." """
        if chain.frozen is not None:
            return chain
        return chain._replace(frozen=chain.accepted, proven=chain.accepted_history)

    def read_frozen(self, chain: Chain, k: int) -> History | None:
        """What chain k had accepted when it froze, if this chain knows it."""
        if k == chain.me:
            return None if chain.frozen is None else chain.proven[: chain.frozen]
        return chain.heard[k].frozen

    def is_aborted(self, chain: Chain, history: History) -> bool:
        """The last of these blocks is, "iff a FRZ(k, F) has F below the last block <= n that concerns k"."""
        for k in CHAINS:
            frozen = self.read_frozen(chain, k)
            if frozen is not None and any(block.concerns(k) for block in history[len(frozen) :]):
                return True
        return False

    def find_last_common_block(self, chain: Chain) -> int | None:
        """L, "the largest n <= F_0 such that no chain k has a block with a non-empty k-slice in (F_k, n]. It is
        fixed once FRZ from all chains are known and the header of L + 1 is known or L = F_0; headers are learned by
        opening the hash chain from H_0, without proofs." Up to the lowest F all blocks are common; the walk starts
        there."""
        frozen: list[History] = []
        for k in CHAINS:
            history = self.read_frozen(chain, k)
            if history is None:
                return None
            frozen.append(history)
        headers = frozen[PRIMARY]
        for number in range(min(map(len, frozen)) + 1, len(headers) + 1):
            if any(k in headers[number - 1].slices and number > len(frozen[k]) for k in CHAINS):
                return number - 1
        return len(headers)

    def can_begin_exodus(self, chain: Chain) -> bool:
        """ "When a chain has itself executed L, exodus begins there." """
        if chain.exodus is not None or chain.frozen is None:
            return False
        return self.find_last_common_block(chain) == chain.executed

    def begin_exodus(self, chain: Chain) -> Chain:
        """ "Requests in no accepted block, or in aborted ones, are cancelled and refunded; exits open against the
        root of L." The chain takes what its executed blocks have consumed and their root, hence it must wait for L."""
        return chain._replace(exodus=chain.executed)


def is_prefix(history: History, of: History) -> bool:
    """Whether `of` opens downwards to `history`."""
    return of[: len(history)] == history


START = tuple(Chain(k) for k in CHAINS)


def make_block(slices: tuple[int, ...], forged: tuple[int, ...] = ()) -> Block:
    """A block with slices of these chains, some forged, as its name tells: `12!2a` has slices of 1 and 2, 2's is
    forged."""
    lies = "".join(("!", *map(str, forged))) if forged else ""
    return Block("".join(map(str, slices)) + lies + "a", frozenset(slices), frozenset(forged))


def prove(chain: Chain, block: Block) -> Chain:
    return chain._replace(proven=(*chain.proven, block))


def accept(chain: Chain) -> Chain:
    return chain._replace(accepted=chain.accepted + 1)


def execute(chain: Chain) -> Chain:
    return chain._replace(executed=chain.executed + 1)
