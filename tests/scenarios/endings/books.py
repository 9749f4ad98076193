"""Stories of how a deployment ends: true blocks, real proofs, and books of what everybody owns."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from eth_account.signers.local import LocalAccount

from tests.support.ending import USD, Story
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.protocol.ids import Lane
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.port import Prover
from zklink.prover.source import Statement
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import find_exits, prove_exits
from zklink.recovery.exit_sender import send_exits
from zklink.transition.block_frame import LaneBlock
from zklink.witness.block_inputs import compute_block_inputs

SHARES = 4_000 * USD
"""What the provider has in the deployment."""

STATEMENTS = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}


@lru_cache(maxsize=4)
def prover_of(statement: Statement) -> Prover:
    """Real provers, opened once."""
    return open_prover(ensure_circuit(MINIMAL, statement=statement))


def prove(frame: LaneBlock) -> tuple[int, ...]:
    """A block's proof."""
    return tuple(prover_of(STATEMENTS[frame.lane]).prove(compute_block_inputs(frame)).evm())


@dataclass
class Ending(Story):
    """A story, and what everybody owned when it began."""

    owned: Mapping[str, int] = field(default_factory=dict)

    def begin(self) -> "Ending":
        """A story that goes on from here."""
        other = replace(self, said=[], halted=set(), groups=None)
        other.writer.line = self.writer.line.branch(self.writer.line.height)
        other.states = list(self.states)
        other.owned = {name: other.owns(account) for name, account in other.people().items()}
        return other

    def people(self) -> dict[str, LocalAccount]:
        """Who owns something."""
        roles = self.system.world.roles
        return {"depositor": roles.depositor, "recipient": roles.recipient, "provider": roles.provider}

    def owns(self, account: LocalAccount) -> int:
        """Dollars on all chains, with what bridges hold for it until it is pulled."""
        pending = 0
        for bridge in self.system.bridges.values():
            pending += bridge.pending_balance(account.address, USDC) // bridge.tokens.token_scale(USDC)
        return sum(self.balances(account).values()) + pending

    def gains(self) -> dict[str, int]:
        """What everybody has more (or less) than when the story began."""
        return {name: self.owns(account) - self.owned[name] for name, account in self.people().items()}

    def leave(self, owner: LocalAccount | None = None) -> int:
        """An owner, by default the provider, leaves every chain that runs and has ended: the state is rebuilt from the
        primary's calldata alone, exits are proven against each chain's own end, and sent. Gives how many.
        """
        account = owner or self.system.world.roles.provider
        ends = {chain: end for chain, end in find_ends(self.read).items() if chain not in self.halted and end.is_known}
        states, sent = rebuild_ends(self.read, ends), 0
        for chain, state in states.items():
            statements = find_exits(state, self.owner(account), [chain])
            orders = prove_exits(statements, self.system.deployment, prover_of(Statement.EXIT))
            send_exits(self.bridge(chain), self.system.deployment, orders, account, self.said.append)
            sent += len(orders)
        return sent

    def check_paid(self, swapped: int, shares: int, invented: int = 0) -> None:
        """The recipient has what was swapped, once, and `invented`, for which nobody gave anything; the depositor has
        everything back but what was swapped; the provider, after it has left, has `shares` but for a unit on each
        chain; bridges can pay what they owe, and hold nothing that is nobody's.
        """
        gains, exits = self.gains(), len(self.system.bridges)
        assert gains["recipient"] == swapped + invented, (gains, self.said)
        assert gains["depositor"] == -swapped, (gains, self.said)
        assert shares - exits <= gains["provider"] <= shares, (gains, self.said)
        for bridge in self.system.bridges.values():
            books, scale = bridge.solvency(USDC), bridge.tokens.token_scale(USDC)
            assert books.balance >= books.pending + books.custody * scale


def open_ending(system: LocalSystem, amount: int = SHARES // 4) -> Ending:
    """A deployment in which the provider has put `amount` on each chain."""
    ending = Ending(system, prove)
    ending.fund(amount)
    return ending
