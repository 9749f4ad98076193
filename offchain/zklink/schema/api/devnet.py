"""What only a devnet has: a faucet."""

from typing import Annotated

from msgspec import Meta

from zklink.schema.api.scalars import Answer, ChainNumber, Request, TokenNumber, TxHash, Units

PaidAddress = Annotated[
    str,
    Meta(
        pattern=r"^(0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})$",
        min_length=32,
        max_length=44,
        description="An EVM address, or one of Solana in base58.",
        examples=["0x1111111111111111111111111111111111111111"],
    ),
]


class FaucetRequest(Request):
    """Whom to give what. What is left out means all: every chain with such addresses, every token and coin on it."""

    address: PaidAddress
    chain: ChainNumber | None = None
    token: TokenNumber | None = None
    amount: Annotated[
        Units | None, Meta(description="In layer-2 units, of a named token; by default 10,000 dollars' worth.")
    ] = None


class FaucetPayment(Answer):
    """One transaction, which the chain's next block has."""

    chain: ChainNumber
    token: TokenNumber
    amount: Annotated[Units, Meta(description="In layer-2 units.")]
    l1_amount: Annotated[Units, Meta(description="The same in the chain's own units.")]
    tx_hash: TxHash


class FaucetAnswer(Answer):
    """What is on its way."""

    payments: list[FaucetPayment]
