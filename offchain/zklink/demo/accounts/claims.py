"""Who was owed what when the operator died, and what each chain has paid: compared to the unit.

Takes balances before and after, the states at which chains ended, and what a chain has forgotten; gives claims, what is
left in bridges, and problems in plain words.
"""

from collections.abc import Mapping, Sequence

from zklink.demo.accounts.actors import OWNERS, Cast, Claimed, Left
from zklink.demo.accounts.attacks import Forgotten
from zklink.demo.accounts.operator_gone import Leaving
from zklink.devnet.tokens import token_by_id
from zklink.protocol.ids import AccountId, ChainId, TokenId
from zklink.recovery.exit_proofs import list_tokens
from zklink.state.state import State
from zklink.transition.exit import compute_claims

Balances = Mapping[tuple[ChainId, TokenId], int]


def read_balances(cast: Cast) -> dict[str, Balances]:
    """The balances of every owner, of every ERC-20 token on every chain, in layer-2 units."""
    found: dict[str, Balances] = {}
    for name in OWNERS:
        address, balances = cast.wallets[name].address, dict[tuple[ChainId, TokenId], int]()
        for plan in cast.system.deployment.tokens:
            for chain in plan.contracts:
                token = cast.system.token(chain, plan.token_id)
                if not token.is_native:
                    balances[chain, plan.token_id] = token.balance(address) // _scale(cast, chain, plan.token_id)
        found[name] = balances
    return found


def list_claims(cast: Cast, leaving: Leaving, before: Mapping[str, Balances]) -> tuple[Claimed, ...]:
    """What each owner had by the primary's last state, and what chains have paid since `before`."""
    state, after, found = leaving.states[cast.system.deployment.primary], read_balances(cast), list[Claimed]()
    for name in OWNERS:
        accounts = state.accounts_of(cast.wallets[name].owner)
        for token, amount in _entitled(state, accounts).items():
            now, then = after[name], before[name]
            paid = {chain: now[chain, t] - then[chain, t] for chain, t in now if t == token}
            found.append(Claimed(name, accounts[0], token, amount, paid, leaving.exits.get((name, token), 0)))
    return tuple(found)


def read_left(cast: Cast) -> tuple[Left, ...]:
    """The balance that is left in every bridge."""
    found = []
    for chain, bridge in cast.system.bridges.items():
        for plan in cast.system.deployment.tokens:
            if chain in plan.contracts:
                found.append(
                    Left(chain, plan.token_id, bridge.solvency(plan.token_id), _scale(cast, chain, plan.token_id))
                )
    return tuple(found)


def find_problems(cast: Cast, claims: Sequence[Claimed], left: Sequence[Left], lost: Forgotten) -> list[str]:
    """Every difference between debts and payments, in plain words. What a chain has forgotten is missing to all holders
    of that token together, and nothing else.
    """
    problems, exits, missing = list[str](), dict[TokenId, int](), dict[TokenId, int]()
    for claim in claims:
        exits[claim.token] = exits.get(claim.token, 0) + claim.exits
        missing[claim.token] = missing.get(claim.token, 0) + claim.missing
        if claim.missing < 0:
            problems.append(f"{claim.owner} got more {token_by_id(claim.token).symbol} than it is owed")
    for token, amount in missing.items():
        expected = lost.amount if token == lost.token else 0
        if not 0 <= amount - expected <= exits[token]:
            problems.append(f"{amount} units of {token_by_id(token).symbol} are missing, {expected} were forgotten")
    for item in left:
        name = cast.system.deployment.chains[item.chain].name
        books, symbol = item.solvency, token_by_id(item.token).symbol_on(name)
        if books.balance < books.pending + books.custody * item.scale:
            problems.append(f"{name} holds less {symbol} than it owes")
        if books.custody > exits.get(item.token, 0):
            problems.append(f"{name} keeps {books.custody} units of {symbol}: more than rounding")
    return problems


def _entitled(state: State, accounts: Sequence[AccountId]) -> dict[TokenId, int]:
    """Balances of an owner's accounts, shares of pools counted as their tokens; nothing that is zero."""
    entitled: dict[TokenId, int] = {}
    for account in accounts:
        for token in list_tokens(state, account):
            for side, amount in compute_claims(state, account, token):
                entitled[side] = entitled.get(side, 0) + amount
    return {token: amount for token, amount in entitled.items() if amount}


def _scale(cast: Cast, chain: ChainId, token: TokenId) -> int:
    return cast.system.bridges[chain].tokens.token_scale(token)
