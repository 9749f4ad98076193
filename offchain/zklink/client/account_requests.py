"""What an owner asks of a chain for an account of layer 2: a deposit, a full exit, a key by a transaction.

Takes a wallet; gives the transaction as soon as the chain's node has it. Everything is looked at before anything is
sent. Never waits for the operator.
"""

from collections.abc import Sequence

from zklink.client.account_sender import find_account
from zklink.client.book import AmountLike, Book, ChainRef, TokenRef, is_program, read_owner, read_payee
from zklink.client.following import Sent
from zklink.client.orders import find_token, plan_deposit, plan_full_exit, plan_key_request
from zklink.client.permits import sign_permit
from zklink.client.session import Place, Session
from zklink.client.solana_wallet import AnyWallet, SolanaWallet
from zklink.client.swaps import APPROVAL_SECONDS, send_plan
from zklink.client.wallet import Wallet
from zklink.l1.contracts.bridge_structs import DepositOrder
from zklink.protocol.errors import WalletUnfit
from zklink.protocol.ids import AccountId, ChainId, TokenId
from zklink.protocol.signing import compute_public_key_hash


async def deposit(
    session: Session,
    wallet: AnyWallet,
    chain: ChainRef,
    token: TokenRef,
    amount: AmountLike,
    owner: str | None,
    with_permit: bool,
    approval_seconds: float,
) -> Sent:
    """See `AsyncAccounts.deposit`."""
    book = await session.book()
    info, to = book.find_token(token), wallet.owner if owner is None else read_owner(owner)
    units, id = book.read_amount(info, amount), TokenId(info.token)
    if isinstance(wallet, SolanaWallet):
        from zklink.client import program_doors  # of the extra `solana`

        return await program_doors.deposit(session, wallet, chain, id, units, to)
    place = await _open_place(session, wallet, chain)
    found = await find_token(place, session, id)
    order = DepositOrder(id, units * found.scale, to)
    async with session.turn(place, wallet.address):
        permit = None
        if with_permit and not found.is_native:
            permit = await sign_permit(session, place, wallet.signer, found.address, order.l1_amount)
        plan = await plan_deposit(session, place, wallet.address, order, permit)
        return await send_plan(session, wallet, place, plan, approval_seconds)


async def request_key(session: Session, wallet: AnyWallet, chain: ChainRef) -> Sent:
    """See `AsyncAccounts.request_key`."""
    book = await session.book()
    account = AccountId((await find_account(session, wallet)).account)
    key = await session.transport.work(lambda: wallet.layer2_key(book.deployment_hash))
    key_hash = compute_public_key_hash(key.public_key)
    if isinstance(wallet, SolanaWallet):
        from zklink.client import program_doors  # of the extra `solana`

        return await program_doors.request_key(session, wallet, chain, account, key_hash)
    place = await _open_place(session, wallet, chain)
    plan = await plan_key_request(place, wallet.address, account, key_hash)
    return await send_plan(session, wallet, place, plan, APPROVAL_SECONDS)


async def full_exit(
    session: Session,
    wallet: AnyWallet,
    chain: ChainRef,
    token: TokenRef,
    others: Sequence[ChainRef],
    recipient: str | None,
    account: int | None,
) -> Sent:
    """See `AsyncAccounts.full_exit`."""
    book = await session.book()
    chains = [ChainId(book.find_chain(other).chain) for other in others]
    second = _read_second(book, wallet, others, recipient)
    id = TokenId(book.find_token(token).token)
    number = AccountId((await find_account(session, wallet)).account if account is None else account)
    if isinstance(wallet, SolanaWallet):
        from zklink.client import program_doors  # of the extra `solana`

        return await program_doors.full_exit(session, wallet, chain, number, id, chains, second)
    place = await _open_place(session, wallet, chain)
    plan = await plan_full_exit(session, place, wallet, number, id, chains, second)
    return await send_plan(session, wallet, place, plan, APPROVAL_SECONDS)


def _read_second(book: Book, wallet: AnyWallet, others: Sequence[ChainRef], recipient: str | None) -> bytes:
    """Whom the other chains pay: one name for all of them. Raises AddressUnfit."""
    text = wallet.address if recipient is None else recipient
    named = {read_payee(book.find_chain(other), text) for other in others}
    return named.pop() if named else wallet.owner


async def _open_place(session: Session, wallet: Wallet, chain: ChainRef) -> Place:
    """A chain with contracts. Raises WalletUnfit for one with a program, and what `Session.place` does."""
    info = (await session.book()).find_chain(chain)
    if is_program(info):
        raise WalletUnfit(info.name, wallet.address)
    return await session.place(chain)
