"""Every method's answer, by its name in the table."""

from collections.abc import Mapping
from typing import Final

from zklink.api.answers import (
    accounts,
    chains,
    devnet,
    oif,
    oif_orders,
    operations,
    order_book,
    quotes,
    solvency,
    transfers,
)
from zklink.api.answers.answerer import Answerer

ANSWERS: Final[Mapping[str, Answerer]] = {
    **chains.ANSWERS,
    **quotes.ANSWERS,
    **transfers.ANSWERS,
    **accounts.ANSWERS,
    **operations.ANSWERS,
    **order_book.ANSWERS,
    **solvency.ANSWERS,
    **oif.ANSWERS,
    **oif_orders.ANSWERS,
    **devnet.ANSWERS,
}
