"""How one chain makes its blocks from round to round, and what faults do to that.

Takes a chain and the number of a round; mines, or does not. Its clock is its own, in UNIX seconds, and goes on whether
there are blocks or not. Never looks at the machine's clock.
"""

from dataclasses import dataclass, field, replace
from typing import Self

from zklink.lab.chain import LocalChain
from zklink.lab.kinds import LabChain


@dataclass(slots=True)
class Pace:
    """The state of one chain's block production. Rounds `.._until` are the last ones of a fault."""

    blocks_per_round: int
    seconds_per_round: int
    now: int
    drift_percent: int = 0
    halted_until: int = 0
    missed: int = 0
    slow_factor: int = 1
    slow_from: int = 0
    slow_until: int = 0
    fee_wei: int = 0
    fee_before_wei: int = 0
    fee_until: int = 0
    full_until: int = 0
    dropping_until: int = 0
    withheld: dict[str, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, chain: LabChain, seconds_per_round: int) -> Self:
        """At the chain's last block, with as many blocks a round as its block time allows, one at least."""
        blocks = max(1, int(seconds_per_round // chain.spec.block_time_seconds))
        return cls(blocks, seconds_per_round, chain.head_timestamp())

    def copy(self) -> "Pace":
        """The same pace, to go on by itself."""
        return replace(self, withheld=dict(self.withheld))

    def release(self, chain: LabChain) -> None:
        """Let go of whatever is held up, now."""
        self.withheld, self.full_until, self.dropping_until = {}, 0, 0
        self.begin_round(chain, 1)

    def begin_round(self, chain: LabChain, number: int) -> None:
        """Let go of what is held up no longer."""
        self.withheld = {name: until for name, until in self.withheld.items() if number <= until}
        self.full_until = self.full_until if number <= self.full_until else 0
        self.dropping_until = self.dropping_until if number <= self.dropping_until else 0
        self.apply_to_pool(chain)

    def pass_round(self, chain: LabChain, number: int) -> int:
        """Let a round's time pass; gives how many blocks were mined."""
        self.now += self.seconds_per_round * (100 + self.drift_percent) // 100
        if not self._makes_blocks(number):
            return 0
        fee = self._next_fee(number)
        step = self.seconds_per_round // self.blocks_per_round
        for left in reversed(range(self.blocks_per_round)):
            chain.mine_at(max(self.now - left * step, chain.least_time()), fee)
            fee = fee if number <= self.fee_until else None
        return self.blocks_per_round

    def spike(self, chain: LocalChain, fee_wei: int, until: int) -> None:
        """Ask for this base fee up to a round, and then for what was asked before."""
        if not self.fee_wei:
            self.fee_before_wei = int(chain.w3.eth.get_block("latest")["baseFeePerGas"])
        self.fee_wei, self.fee_until = fee_wei, until

    def _next_fee(self, number: int) -> int | None:
        if not self.fee_wei:
            return None
        if number > self.fee_until:
            self.fee_wei = 0
            return self.fee_before_wei
        return self.fee_wei

    def _makes_blocks(self, number: int) -> bool:
        if self.missed:
            self.missed -= 1
            return False
        is_slow = number <= self.slow_until and (number - self.slow_from) % self.slow_factor != 0
        return number > self.halted_until and not is_slow

    def apply_to_pool(self, chain: LabChain) -> None:
        """Tell the chain's pool what is held up."""
        chain.hold_up(frozenset(self.withheld), is_full=bool(self.full_until), is_dropping=bool(self.dropping_until))
