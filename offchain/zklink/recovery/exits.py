"""Exit proofs for an owner, made from the rebuilt state, and the file that carries them to the chains.

Takes the state of the last common block; gives one `ExitOrder` for each account, token and chain that pays anything.
Without a key the owner itself must send them; with the account's key they pay whom the key names and anybody may.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.l1.deployment import Deployment
from zklink.l1.structs import Exit
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.errors import ExitFileInvalid
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, Amount, ChainId, TokenId
from zklink.prover.port import Prover
from zklink.prover.progress import SILENT, Progress
from zklink.state.state import State
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.exit_authority import ExitAuthority, compute_exit_inputs, sign_exit
from zklink.witness.exit import compute_inputs

FORMAT: Final = "zklink.exits.1"


@dataclass(frozen=True, slots=True)
class ExitOrder:
    """One exit, ready to send. Amounts are layer-2 units; `is_signed` says whether anybody may send it."""

    chain: ChainId
    account: AccountId
    token: TokenId
    token_a: TokenId
    amount_a: Amount
    token_b: TokenId
    amount_b: Amount
    is_signed: bool
    call: Exit


def find_exits(state: State, owner: bytes, chains: Iterable[ChainId]) -> list[ExitStatement]:
    """Everything that the chains owe an owner (32 bytes), by account, token and chain; nothing that would pay zero."""
    ordered = sorted(chains)
    statements = (
        compute_exit(state, account, token, chain)
        for account in state.accounts_of(owner)
        for token in _tokens_of(state, account)
        for chain in ordered
    )
    return [statement for statement in statements if statement.amount_a or statement.amount_b]


def prove_exits(
    statements: Sequence[ExitStatement],
    deployment: Deployment,
    prover: Prover,
    key: PrivateKey | None = None,
    recipient: bytes | None = None,
    progress: Progress = SILENT,
) -> list[ExitOrder]:
    """Prove exits. With the account's `key` they pay `recipient` (default: the owner) whoever sends them.

    Raises WrongKey if the key is not the account's.
    """
    domain = compute_exit_domain(deployment.deployment_hash)
    orders = []
    with progress.step(f"proving {len(statements)} exits", len(statements)) as step:
        for statement in statements:
            authority: ExitAuthority | None = None
            if key is not None:
                authority = sign_exit(statement, recipient or statement.side.owner, domain, key)
            proof = prover.prove(compute_inputs(statement, authority, domain))
            public = compute_exit_inputs(statement, authority, domain)
            orders.append(
                ExitOrder(
                    chain=statement.chain,
                    account=statement.account,
                    token=statement.token,
                    token_a=statement.token_a,
                    amount_a=statement.amount_a,
                    token_b=statement.token_b,
                    amount_b=statement.amount_b,
                    is_signed=authority is not None,
                    call=Exit(public.x0, public.recipient_lo, public.x1, tuple(proof.evm())),
                )
            )
            step.advance()
    return orders


def write_orders(path: Path, orders: Sequence[ExitOrder]) -> None:
    """Write exits as JSON; big numbers are strings."""
    items = [
        {
            "chain": order.chain,
            "account": order.account,
            "token": order.token,
            "token_a": order.token_a,
            "amount_a": str(order.amount_a),
            "token_b": order.token_b,
            "amount_b": str(order.amount_b),
            "is_signed": order.is_signed,
            "x0": hex(order.call.x0),
            "recipient_lo": hex(order.call.recipient_lo),
            "x1": hex(order.call.x1),
            "proof": [hex(value) for value in order.call.proof],
        }
        for order in orders
    ]
    path.write_text(json.dumps({"format": FORMAT, "exits": items}, indent=2) + "\n")


def read_orders(path: Path) -> list[ExitOrder]:
    """Read a file of exits. Raises ExitFileInvalid."""
    try:
        data = json.loads(path.read_text())
        if data["format"] != FORMAT:
            raise ExitFileInvalid(path.name, f"format {data['format']!r} is not {FORMAT!r}")
        return [
            ExitOrder(
                chain=ChainId(item["chain"]),
                account=AccountId(item["account"]),
                token=TokenId(item["token"]),
                token_a=TokenId(item["token_a"]),
                amount_a=Amount(int(item["amount_a"])),
                token_b=TokenId(item["token_b"]),
                amount_b=Amount(int(item["amount_b"])),
                is_signed=item["is_signed"],
                call=Exit(
                    int(item["x0"], 16),
                    int(item["recipient_lo"], 16),
                    int(item["x1"], 16),
                    tuple(int(value, 16) for value in item["proof"]),
                ),
            )
            for item in data["exits"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExitFileInvalid(path.name, str(error)) from error


def _tokens_of(state: State, account: AccountId) -> list[TokenId]:
    """Tokens that an account has anything of; the operator's has the fees accrued in any token."""
    tokens = set(state.account(account).balances)
    if account == OPERATOR_ACCOUNT:
        tokens |= {token for token, row in state.tokens() if token and row.fees}
    return sorted(tokens)
