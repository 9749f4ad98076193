"""An account gets its layer-2 key: the operation, and the owner's consent to it by the account's own signature.

Takes a wallet and the fees that it allows; gives the operation's id. The fee is paid in the first token that allows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from zklink.client.account_sender import VALID_SECONDS, Limit, complete, find_account, hand_in
from zklink.client.book import TokenRef
from zklink.client.layer2_keys import build_consent_data, sign_checked
from zklink.client.session import Session
from zklink.client.wallet import Wallet
from zklink.operations.change_pub_key import ChangePubKey
from zklink.protocol.errors import FeeTokenRefused, FeeUnfair
from zklink.protocol.ids import AccountId, Amount, Nonce, TokenId
from zklink.protocol.signing import compute_public_key_hash


async def find_fee_tokens(session: Session, fee_token: TokenRef | None) -> Sequence[int]:
    """The tokens in which the fee may be paid. Raises NameUnknown."""
    book = await session.book()
    return book.deployment.fee_tokens if fee_token is None else [book.find_token(fee_token).token]


async def change_key(session: Session, wallet: Wallet, limits: Mapping[int, Limit]) -> str:
    """See `AsyncAccounts.set_key`; `limits` are the most that the fee may be, by token."""
    account, book = await find_account(session, wallet), await session.book()
    key = await session.transport.work(lambda: wallet.layer2_key(book.deployment_hash))
    change = ChangePubKey(
        account=AccountId(account.account),
        nonce=Nonce(account.next_nonce),
        valid_until=(await session.api.status()).timestamp + VALID_SECONDS,
        public_key_hash=compute_public_key_hash(key.public_key),
        chain=book.primary,
        fee=Amount(0),
        fee_token=TokenId(0),
    )
    failure: Exception | None = None
    for token, limit in limits.items():
        try:
            asked = replace(change, fee_token=TokenId(token))
            ready: ChangePubKey = await complete(session, account, asked, limit)
        except (FeeUnfair, FeeTokenRefused) as error:
            failure = failure or error
            continue
        data = build_consent_data(
            book.deployment_hash, ready.account, ready.nonce, ready.public_key_hash, ready.valid_until
        )
        consent = await session.transport.work(partial(sign_checked, wallet.signer, data))
        return await hand_in(session, wallet, ready, consent)
    raise failure or FeeTokenRefused(0, ())
