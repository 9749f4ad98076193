"""The faucet of a devnet; every other node refuses."""

from collections.abc import Mapping
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.sources import Sources
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId, TokenId
from zklink.schema.api.devnet import FaucetAnswer, FaucetPayment, FaucetRequest
from zklink.schema.api.scalars import read_units, show_tx_hash


def answer_faucet(sources: Sources, request: FaucetRequest) -> FaucetAnswer:
    if sources.faucet is None:
        raise RequestRefused("no_faucet", "this node is of no devnet: its tokens are not given away")
    if request.amount is not None and request.token is None:
        raise RequestRefused("invalid_request", "an amount is of a token: name the token", {"field": "amount"})
    payments = sources.faucet.give(
        request.address,
        None if request.chain is None else ChainId(request.chain),
        None if request.token is None else TokenId(request.token),
        None if request.amount is None else read_units("amount", request.amount),
    )
    return FaucetAnswer(
        payments=[
            FaucetPayment(
                chain=item.chain,
                token=item.token,
                amount=str(item.amount),
                l1_amount=str(item.l1_amount),
                tx_hash=show_tx_hash(item.tx_hash),
            )
            for item in payments
        ]
    )


ANSWERS: Final[Mapping[str, Answerer]] = {"faucet": Answerer(answer_faucet, on_node=True)}
