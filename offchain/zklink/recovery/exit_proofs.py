"""Exit proofs for an owner, made from the rebuilt state.

Takes the state of the block at which a chain ends; gives one `ExitOrder` for each account, token and chain that pays
anything. Without a key the owner must send the exits itself. With the account's key they pay the recipient that the key
signs for, and anyone can send them. `exit_file.py` carries them to the chains. Never sends anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zklink.l1.contracts.bridge_structs import Exit
from zklink.l1.deployment.records import Deployment
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.addresses import is_recipient, join_address
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.ids import OPERATOR_ACCOUNT, AccountId, Amount, ChainId, TokenId
from zklink.protocol.words import EXIT_LAYOUTS
from zklink.prover.port import Prover
from zklink.prover.progress import SILENT, Progress
from zklink.state.state import State
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.exit_authority import ExitAuthority, compute_exit_inputs, sign_exit
from zklink.witness.exit import compute_inputs


@dataclass(frozen=True, slots=True)
class ExitOrder:
    """One exit, ready to send, with the fields of its `call`. Amounts are layer-2 units. The exit pays `recipient` (32
    bytes), who must send it unless it is signed.
    """

    chain: ChainId
    account: AccountId
    token: TokenId
    token_a: TokenId
    amount_a: Amount
    token_b: TokenId
    amount_b: Amount
    is_signed: bool
    recipient: bytes
    call: Exit

    @classmethod
    def of(cls, call: Exit) -> "ExitOrder":
        """Read the fields of a call; UnusedBitsSet if it has bits that no exit has."""
        x0, x1 = (layout.unpack(word) for layout, word in zip(EXIT_LAYOUTS, (call.x0, call.x1), strict=True))
        return cls(
            chain=ChainId(x0["chain"]),
            account=AccountId(x0["account"]),
            token=TokenId(x0["token"]),
            token_a=TokenId(x0["token_a"]),
            amount_a=Amount(x1["amount_a"]),
            token_b=TokenId(x0["token_b"]),
            amount_b=Amount(x1["amount_b"]),
            is_signed=x0["is_signed"] == 1,
            recipient=join_address(x0["recipient_hi"], call.recipient_lo),
            call=call,
        )


def find_exits(state: State, owner: bytes, chains: Iterable[ChainId]) -> list[ExitStatement]:
    """The exits of an owner (32 bytes) by account, token and chain; none that would pay zero."""
    ordered = sorted(chains)
    statements = (
        compute_exit(state, account, token, chain)
        for account in state.accounts_of(owner)
        for token in list_tokens(state, account)
        for chain in ordered
    )
    return [statement for statement in statements if statement.amount_a or statement.amount_b]


def list_payable(deployment: Deployment, chains: Iterable[ChainId], recipient: bytes) -> list[ChainId]:
    """Those of these chains on which somebody of this name (32 bytes) can be paid, ascending."""
    table = {entry.chain_id: entry for entry in deployment.table}
    return [chain for chain in sorted(chains) if is_recipient(recipient, table[chain].address_format, chain)]


def prove_exits(
    statements: Sequence[ExitStatement],
    deployment: Deployment,
    prover: Prover,
    key: PrivateKey | None = None,
    recipient: bytes | None = None,
    progress: Progress = SILENT,
) -> list[ExitOrder]:
    """Prove exits. With the account's `key` they pay `recipient` (32 bytes, by default the owner), and anyone can send
    them.

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
            orders.append(ExitOrder.of(Exit(public.x0, public.recipient_lo, public.x1, tuple(proof.evm()))))
            step.advance()
    return orders


def list_tokens(state: State, account: AccountId) -> list[TokenId]:
    """The tokens of which an account has a balance. The operator's account also owns the accrued fees of every
    token.
    """
    tokens = set(state.account(account).balances)
    if account == OPERATOR_ACCOUNT:
        tokens |= {token for token, row in state.tokens() if token and row.fees}
    return sorted(tokens)
