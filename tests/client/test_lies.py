"""A node that lies is refused, by the class that says about what: quotes, chains, contracts, receipts."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.wire import Wire
from tests.scenarios.pipeline import POLYGON
from zklink import Quote
from zklink.devnet.tokens import BTC, USDC
from zklink.protocol.errors import (
    ContractUntrue,
    DeploymentUntrue,
    NodeOfChainMissing,
    QuotesUnsteady,
    QuoteUntrue,
    ReceiptUntrue,
    SwapImpossible,
    WrongChain,
)

USD = 10**6
ELSEWHERE = "0x" + "66" * 20


def ask(wire: Wire, **terms: Any) -> Quote:
    client = wire.open()
    return client.quote("polygon", "USDC", "600", "bsc", "BTC", **terms)


def change(**fields: Any) -> Callable[[Any], Any]:
    """Put other values into an answer."""
    return lambda answer: {**answer, **fields}


def in_leg(**fields: Any) -> Callable[[Any], Any]:
    return lambda answer: {**answer, "legs": [{**answer["legs"][0], **fields}]}


def more(answer: Any) -> Any:
    """A quote that is better than the rule, from beginning to end."""
    out = str(int(answer["amount_out"]) + 1)
    return {**answer, "amount_out": out, "legs": [{**answer["legs"][0], "amount_out": out}]}


def less(answer: Any) -> Any:
    out = str(int(answer["amount_out"]) - 1)
    return {**answer, "amount_out": out, "legs": [{**answer["legs"][0], "amount_out": out}]}


@pytest.mark.parametrize(
    ("lie", "about"),
    [
        (more, "the amount out"),
        (less, "the amount out"),
        (change(amount_out="98000000"), "the last trade's output"),
        (change(amount_in="1"), "the amount"),
        (change(reserve="0"), "whether the destination holds"),
        (change(via=5), "the token between"),
        (change(legs=[]), "where the trades end"),
        (in_leg(reserve_in="1"), "the reserve in"),
        (in_leg(reserve_out="100000000000000"), "the reserve out"),
        (in_leg(fee_bps=0), "the fee"),
        (in_leg(amount_in=str(700 * USD)), "the amount in"),
        (in_leg(token_in=5), "where a trade begins"),
        (in_leg(token_out=5), "the reserve in of the pool"),
    ],
)
def test_quote__untrue__refused_and_named(wire: Wire, lie: Callable[[Any], Any], about: str) -> None:
    assert ask(wire).is_possible
    wire.lie("/v1/quote", lie)
    with pytest.raises(QuoteUntrue, match=f"untrue: {about}"):
        ask(wire)


def test_quote__published_reserves_untrue__refused(wire: Wire) -> None:
    wire.lie("/v1/pools", lambda answer: {**answer, "pools": [{**p, "reserve_a": "9"} for p in answer["pools"]]})
    with pytest.raises(QuoteUntrue, match="the reserve in"):
        ask(wire)


def test_quote__worse_route_than_there_is__refused(wire: Wire) -> None:
    """A node that offers the worse one of two ways takes the difference."""
    between, rich = 60, {"reserve_a": str(10**20), "reserve_b": str(10**20), "fee_bps": 0}

    def tamper(answer: Any) -> Any:
        pair = answer["pools"][0]
        made_up = [{**pair, **rich, "token_a": token, "token_b": between} for token in (USDC, BTC)]
        return {**answer, "pools": [*answer["pools"], *made_up]}

    wire.lie("/v1/pools", tamper)
    with pytest.raises(QuoteUntrue, match="the output"):
        ask(wire)


def test_quote__never_of_the_published_block__refused(wire: Wire) -> None:
    wire.lie("/v1/quote", lambda answer: {**answer, "block": answer["block"] + 1})
    with pytest.raises(QuotesUnsteady):
        ask(wire)


def test_swap__quote_says_why_not__refused_before_anything_is_sent(wire: Wire) -> None:
    quote = ask(wire, min_out="1")
    assert (quote.is_possible, quote.why_not) == (False, "below_min_out")
    with pytest.raises(SwapImpossible, match="below_min_out"):
        wire.open().swap(wire.wallet(), quote)


def lie_of_chain(wire: Wire, **fields: Any) -> None:
    def tamper(answer: Any) -> Any:
        return {"chains": [{**chain, **fields} if chain["chain"] == POLYGON else chain for chain in answer["chains"]]}

    wire.lie("/v1/chains", tamper)


class TestDeployment:
    def test_book__other_hash_than_expected__refused(self, wire: Wire) -> None:
        with pytest.raises(DeploymentUntrue):
            wire.open(deployment_hash="0x" + "77" * 32).book()
        known = wire.scene.pipeline.system.deployment.deployment_hash
        assert wire.open(deployment_hash=known).book().deployment_hash == known

    @pytest.mark.parametrize(
        "fields",
        [{"contracts": {"bridge": ELSEWHERE}}, {"caip2": "eip155:1"}, {"chain": 7}, {"contracts": {}}],
    )
    def test_book__a_chain_or_a_door_untrue__is_not_the_deployment(self, wire: Wire, fields: dict[str, Any]) -> None:
        lie_of_chain(wire, **fields)
        with pytest.raises(DeploymentUntrue):
            ask(wire)

    @pytest.mark.parametrize("fields", [{"genesis_root": "5"}, {"primary": 2}, {"token_limit": 4}])
    def test_book__sizes_untrue__is_not_the_deployment(self, wire: Wire, fields: dict[str, Any]) -> None:
        wire.lie("/v1/deployment", change(**fields))
        with pytest.raises(DeploymentUntrue):
            wire.open().book()

    def test_swap__bridge_of_another_deployment_on_the_chain__refused(self, wire: Wire) -> None:
        """A whole made-up deployment hashes to itself; its doors must still be there on the chain."""
        quote = ask(wire)
        wire.lie("polygon eth_call", lambda answer: {**answer, "result": "0x" + "00" * 32})
        with pytest.raises(ContractUntrue, match="bridge of deployment"):
            wire.open().swap(wire.wallet(), quote)

    def test_swap__node_of_another_chain__refused(self, wire: Wire) -> None:
        quote = ask(wire)
        crossed = {"polygon": "http://bsc"}
        with pytest.raises(WrongChain, match="serves EVM chain 56, not 137"):
            wire.open(rpc=crossed).swap(wire.wallet(), quote)

    def test_swap__no_node_of_the_source__says_how_to_give_one(self, wire: Wire) -> None:
        quote = ask(wire)
        with pytest.raises(NodeOfChainMissing, match=r'Client\(url, rpc=\{"polygon"'):
            wire.open(rpc={}).swap(wire.wallet(), quote)

    def test_swap__token_contract_untrue__refused(self, wire: Wire) -> None:
        def tamper(answer: Any) -> Any:
            for token in answer["tokens"]:
                for contract in token["contracts"]:
                    contract["address"] = ELSEWHERE
            return answer

        quote = ask(wire)
        wire.lie("/v1/tokens", tamper)
        with pytest.raises(ContractUntrue, match="the contract of USDC is 0x6666"):
            wire.open().swap(wire.wallet(), quote)


class TestReceipts:
    def test_wait__arrived_without_a_receipt_of_the_chain__refused(self, wire: Wire) -> None:
        client, wallet = wire.open(), wire.wallet()
        sent = client.swap(wallet, ask(wire))
        arrived = client.wait(sent)
        path = f"/v1/transfers/{sent.tx_hash}"
        lies: list[tuple[str, Callable[[Any], Any]]] = [
            ("no event of the bridge pays", lambda shown: {**shown, "amount": str(int(shown["amount"]) + 1)}),
            ("no receipt names", lambda shown: {**shown, "receiver": ELSEWHERE}),
            ("not mined", lambda shown: {**shown, "tx_hash": "0x" + "12" * 32}),
            ("no event of the bridge pays", lambda shown: {**shown, "how": "fill"}),
        ]
        for said, lie in lies:

            def tamper(answer: Any, lie: Callable[[Any], Any] = lie) -> Any:
                answer["transfers"][0]["receipts"] = [lie(answer["transfers"][0]["receipts"][0])]
                return answer

            wire.lie(path, tamper)
            with pytest.raises(ReceiptUntrue, match=said):
                client.wait(sent)
        wire.lie(path, lambda answer: answer)
        assert client.wait(sent) == arrived
