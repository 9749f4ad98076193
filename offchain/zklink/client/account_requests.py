"""What an owner asks of a chain for an account of layer 2: a deposit, a full exit, a key by a transaction.

Takes a wallet; gives the transaction as soon as the chain's node has it. Everything is looked at before anything is
sent. Never waits for the operator.
"""

from collections.abc import Sequence

from zklink.client.account_sender import find_account
from zklink.client.book import AmountLike, ChainRef, TokenRef
from zklink.client.following import Sent
from zklink.client.orders import find_token, plan_deposit, plan_full_exit, plan_key_request
from zklink.client.permits import sign_permit
from zklink.client.session import Session
from zklink.client.swaps import APPROVAL_SECONDS, send_plan
from zklink.client.wallet import Wallet
from zklink.l1.contracts.bridge_structs import DepositOrder, universal_address
from zklink.protocol.ids import AccountId, ChainId, TokenId
from zklink.protocol.signing import compute_public_key_hash


async def deposit(
    session: Session,
    wallet: Wallet,
    chain: ChainRef,
    token: TokenRef,
    amount: AmountLike,
    owner: str | None,
    with_permit: bool,
    approval_seconds: float,
) -> Sent:
    """See `AsyncAccounts.deposit`."""
    book, place = await session.book(), await session.place(chain)
    info = book.find_token(token)
    found = await find_token(place, session, TokenId(info.token))
    l1_amount = book.read_amount(info, amount) * found.scale
    order = DepositOrder(TokenId(info.token), l1_amount, universal_address(owner or wallet.address))
    async with session.turn(place, wallet.address):
        permit = None
        if with_permit and not found.is_native:
            permit = await sign_permit(session, place, wallet.signer, found.address, l1_amount)
        plan = await plan_deposit(session, place, wallet.address, order, permit)
        return await send_plan(session, wallet, place, plan, approval_seconds)


async def request_key(session: Session, wallet: Wallet, chain: ChainRef) -> Sent:
    """See `AsyncAccounts.request_key`."""
    place, account, book = await session.place(chain), await find_account(session, wallet), await session.book()
    key = await session.transport.work(lambda: wallet.layer2_key(book.deployment_hash))
    key_hash = compute_public_key_hash(key.public_key)
    plan = await plan_key_request(place, wallet.address, AccountId(account.account), key_hash)
    return await send_plan(session, wallet, place, plan, APPROVAL_SECONDS)


async def full_exit(
    session: Session,
    wallet: Wallet,
    chain: ChainRef,
    token: TokenRef,
    others: Sequence[ChainRef],
    account: int | None,
) -> Sent:
    """See `AsyncAccounts.full_exit`."""
    book, place = await session.book(), await session.place(chain)
    number = (await find_account(session, wallet)).account if account is None else account
    chains = [ChainId(book.find_chain(other).chain) for other in others]
    id = TokenId(book.find_token(token).token)
    plan = await plan_full_exit(session, place, wallet, AccountId(number), id, chains)
    return await send_plan(session, wallet, place, plan, APPROVAL_SECONDS)
