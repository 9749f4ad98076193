"""What the Solana side of a deployment costs: rent of every account that it makes, and the fees of its transactions, at
what the node says now. Takes the side on paper; gives lamports. Only reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from zklink.l1.deployment.journal import Journal
from zklink.protocol.errors import LamportsShort
from zklink.solana.client.loader import LOADER
from zklink.solana.client.node import CONFIRMED, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.client.sending import MOST_UNITS
from zklink.solana.deploying.loader import DATA_HEAD, PROGRAM_BYTES
from zklink.solana.deploying.mints import SPL_TOKEN, TOKEN_2022
from zklink.solana.deploying.side import KEY_PIECE_BYTES, ProgramSide
from zklink.solana.deploying.upload import PIECE_BYTES, UNITS
from zklink.solana.interface import accounts
from zklink.solana.interface.timelock.accounts import TIMELOCK

SIGNATURE_LAMPORTS: Final = 5_000
HOLDING_BYTES: Final = {SPL_TOKEN: 165, TOKEN_2022: 170}
"""A vault, by the program of its mint: Token-2022 marks it as one that cannot change hands."""
MICRO: Final = 10**6


@dataclass(frozen=True, slots=True)
class Rent:
    """An account: what it is, where, its bytes, and the lamports that lie there for ever."""

    what: str
    address: str
    size: int
    lamports: int
    is_made: bool


@dataclass(frozen=True, slots=True)
class ProgramCost:
    """What is still to be paid, and what the payer has; all in lamports."""

    rents: tuple[Rent, ...]
    transactions: int
    fees: int
    lent: int
    balance: int

    @property
    def needed(self) -> int:
        """Rent of what is not made, and fees; less what lies in the buffer, which comes back."""
        return sum(rent.lamports for rent in self.rents if not rent.is_made) + self.fees - self.lent

    @property
    def is_enough(self) -> bool:
        """Whether the payer can pay."""
        return self.balance >= self.needed


def compute_cost(side: ProgramSide, node: SolanaNode, journal: Journal, unit_price: int) -> ProgramCost:
    """The cost of what is not done yet. Raises RpcUnavailable."""
    places = list(_list_places(side))
    sizes = {size: int(node.call("getMinimumBalanceForRentExemption", size)) for _, _, _, size in places}
    keys = [str(key) for _, _, key, _ in places]
    buffer_keys = [str(loading.buffer.key) for loading in side.loadings]
    _, [payer, *buffers] = node.accounts([str(side.payer), *buffer_keys], CONFIRMED)
    _, found = node.accounts(keys, CONFIRMED)
    rents = []
    for (what, owner, key, size), each in zip(places, found, strict=True):
        is_made = each is not None and (not owner or each.owner == owner)
        rents.append(Rent(what, str(key), size, sizes[size], is_made))
    done = {step for chain, step in journal.done if chain == side.chain}
    made = {rent.address for rent in rents if rent.is_made}
    missing = [loading for loading in side.loadings if str(loading.id) not in made]
    pieces = sum(len(range(0, len(each.code), PIECE_BYTES)) + 2 for each in missing)
    others = [step for step in list_steps(side) if step not in done]
    fees = pieces * _fee(UNITS, unit_price) + len(others) * _fee(MOST_UNITS, unit_price)
    lent = sum(each.lamports for each in buffers if each is not None and each.owner == str(LOADER))
    return ProgramCost(tuple(rents), pieces + len(others), fees, lent, payer.lamports if payer else 0)


def check_funds(side: ProgramSide, cost: ProgramCost) -> None:
    """Raise LamportsShort if the payer cannot pay for what is left."""
    if not cost.is_enough:
        raise LamportsShort(side.place.name, side.terms.payer, cost.balance, cost.needed)


def list_steps(side: ProgramSide) -> list[str]:
    """What follows the program, by the names that the journal has."""
    keys = [f"keys {at}" for at in range(0, len(side.keys), KEY_PIECE_BYTES)]
    tokens = [f"token {token.token_id}" for token in side.plan.tokens]
    first = ["swap queue", "account queue", *keys, "timelock", "init", "prices", "bounds", "setter"]
    return [*first, *tokens, "authority", "validators", "founding"]


def _fee(units: int, unit_price: int) -> int:
    """Of a transaction with two signatures at most, in lamports."""
    return 2 * SIGNATURE_LAMPORTS + -(-units * unit_price // MICRO)


def _list_places(side: ProgramSide) -> Iterator[tuple[str, str, Pubkey, int]]:
    """Every account that stays: what it is, whose, where, its bytes."""
    program, own = side.program, str(side.program.id)
    for loading in side.loadings:
        yield f"code of the {loading.name}", str(LOADER), loading.data, DATA_HEAD.size + len(loading.code)
        yield loading.name, str(LOADER), loading.id, PROGRAM_BYTES
    yield "timelock", str(side.lock.id), side.lock.address, TIMELOCK.size
    for what, account in (
        ("swap queue", side.swap_queue),
        ("account queue", side.account_queue),
        ("keys", side.keys_account),
    ):
        yield what, own, account.key, account.size
    yield "bridge", own, program.bridge, accounts.BRIDGE.size
    yield "sol", own, side.sol, 0
    for token in side.plan.tokens:
        yield f"token {token.symbol}", own, side.token(token), accounts.TOKEN.size
        mint = side.mint(token)
        if mint != SYSTEM:
            yield f"mint of {token.symbol}", own, side.mark(mint), accounts.MINT.size
        if side.token_program(token) != SYSTEM:
            yield f"vault of {token.symbol}", "", side.vault(token), HOLDING_BYTES[str(side.token_program(token))]
