"""What only a devnet has: a faucet."""

from typing import Annotated

from msgspec import Meta

from zklink.schema.api.scalars import Answer, Bytes32, ChainNumber, Request, TokenNumber, Units

EvmAddress = Annotated[
    str,
    Meta(
        pattern=r"^0x[0-9a-fA-F]{40}$",
        min_length=42,
        max_length=42,
        description="An EVM address.",
        examples=["0x1111111111111111111111111111111111111111"],
    ),
]


class FaucetRequest(Request):
    """Whom to give what. What is left out means all: every chain, every token and coin on it."""

    address: EvmAddress
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
    tx_hash: Bytes32


class FaucetAnswer(Answer):
    """What is on its way."""

    payments: list[FaucetPayment]
