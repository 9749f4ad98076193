"""Waits survive what passes, and end: at their deadline, or with what a chain says for good."""

from itertools import count, repeat
from typing import Any

import pytest

from tests.client.wire import Wire
from tests.scenarios.pipeline import BSC, POLYGON
from zklink import Sent
from zklink.client.api_caller import rebuild_error
from zklink.client.bell import LEAST_SECONDS, MOST_AT_ONCE
from zklink.client.chain_rpc import ChainRpc
from zklink.client.transport import run
from zklink.devnet.tokens import USDC
from zklink.protocol.errors import (
    BalanceTooSmall,
    CallReverted,
    NodeUnreachable,
    RecipientIsToken,
    RequestRefused,
    RpcRefused,
    RpcUnavailable,
    StillWaiting,
    TokensShort,
    TransactionReverted,
    ZkLinkError,
)

NOWHERE = "0x" + "ab" * 32


def send(wire: Wire, **terms: Any) -> Sent:
    client = wire.open()
    return client.swap(wire.wallet(), client.quote("polygon", "USDC", "40", "bsc", "USDC", **terms))


def test_wait__node_and_chains_are_away_for_a_while__goes_on_to_the_end(wire: Wire) -> None:
    sent = send(wire)
    wire.cut(f"/v1/transfers/{sent.tx_hash}", 7)
    wire.cut("bsc eth_getTransactionReceipt", 2)
    assert wire.open().wait(sent).state == "arrived"
    assert wire.cuts[f"/v1/transfers/{sent.tx_hash}"] == 0


def test_wait__node_has_a_stream__asks_when_it_rings_and_pauses_for_nothing(wire: Wire) -> None:
    sent = send(wire)
    wire.frames = ({"id": f"0123abcd-{number}", "topic": "mark", "data": {}} for number in count(1))
    begun, asked = wire.seconds, len(wire.sent)
    assert wire.open().wait(sent).state == "arrived"
    assert wire.sent[asked:].count("socket") == 1
    assert wire.seconds == begun


def test_wait__stream_rings_without_end__chains_are_not_asked_without_end(wire: Wire) -> None:
    wire.frames = ({"id": f"0123abcd-{number}", "topic": "mark", "data": {}} for number in count(1))
    asked = len(wire.sent)
    with pytest.raises(StillWaiting):
        wire.open().resume(NOWHERE, seconds=3)
    assert wire.sent[asked:].count("polygon eth_getTransactionReceipt") <= MOST_AT_ONCE + 3 / LEAST_SECONDS + 2


@pytest.mark.parametrize("frame", [None, {"id": "0123abcd-0", "topic": "reset", "data": {}}, {"id": 7}])
def test_wait__stream_breaks_or_loses_events__opened_again_and_polled_meanwhile(wire: Wire, frame: Any) -> None:
    sent = send(wire)
    wire.frames = repeat(frame)
    begun, asked = wire.seconds, len(wire.sent)
    assert wire.open().wait(sent).state == "arrived"
    assert wire.sent[asked:].count("socket") > 1
    assert wire.seconds > begun


def test_wait__refunded__says_so_and_is_no_error(wire: Wire) -> None:
    client, wallet = wire.open(), wire.wallet()
    token = wire.scene.pipeline.system.token(POLYGON, USDC)
    quote = client.quote("polygon", "USDC", "40", "bsc", "BTC", slippage_bps=0)
    first, before = client.swap(wallet, quote), token.balance(wallet.address)
    second = client.swap(wallet, quote)  # the first one moves the price, and nothing less than the quote is allowed
    assert client.wait(first).state == "arrived"
    transfer = client.wait(second)
    assert (transfer.state, transfer.receipts[0].how) == ("refunded", "refund")
    assert transfer.refund_reason == "the output is less than min_out and the fill fee"
    assert token.balance(wallet.address) == before


def test_wait__nobody_knows_the_transaction__ends_at_its_deadline(wire: Wire) -> None:
    with pytest.raises(StillWaiting, match=f"the swap of {NOWHERE} was not there after 3 s"):
        wire.open().resume(NOWHERE, seconds=3)


def test_wait__node_never_answers__the_deadline_and_not_its_error(wire: Wire) -> None:
    wire.cut(f"/v1/transfers/{NOWHERE}", 10_000)
    with pytest.raises(StillWaiting, match="not to be seen"):
        wire.open().resume(NOWHERE, seconds=1)


def test_wait__transaction_reverted__said_from_its_chain(wire: Wire) -> None:
    receipt = {"status": "0x0", "blockNumber": "0x1", "logs": []}
    wire.lie("polygon eth_getTransactionReceipt", lambda answer: {**answer, "result": receipt})
    with pytest.raises(TransactionReverted) as reverted:
        wire.open().resume(NOWHERE, seconds=3)
    assert reverted.value.tx_hash == bytes.fromhex(NOWHERE[2:])


def test_swap__questions_get_lost__asked_again_and_sent_once(wire: Wire) -> None:
    system = wire.scene.pipeline.system
    before = system.token(POLYGON, USDC).balance(wire.wallet().address)
    for what in ("/v1/pools", "/v1/quote", "polygon eth_call", "polygon eth_getBalance", "polygon eth_chainId"):
        wire.cut(what, 2)
    wire.lose("polygon eth_sendRawTransaction", 1)
    sent = send(wire)
    assert wire.open().wait(sent).state == "arrived"
    assert before - system.token(POLYGON, USDC).balance(wire.wallet().address) == 40 * 10**6


def test_swap__too_little_of_the_token__says_how_much(wire: Wire) -> None:
    client = wire.open()
    quote = client.quote("polygon", "USDC", "40", "bsc", "USDC")
    with pytest.raises(TokensShort) as short:
        client.swap(wire.wallet("stranger"), quote)
    assert (short.value.needed, short.value.found) == (40 * 10**6, 0)


def test_swap__to_a_tokens_contract__refused(wire: Wire) -> None:
    client = wire.open()
    token = wire.scene.pipeline.system.token(BSC, USDC).address
    with pytest.raises(RecipientIsToken):
        client.swap(wire.wallet(), client.quote("polygon", "USDC", "40", "bsc", "USDC"), recipient=token)


class TestRpc:
    def rpc(self, wire: Wire) -> ChainRpc:
        return ChainRpc(wire, "polygon", "http://polygon", 137)

    def test_read__no_answer__unavailable_and_no_address_shown(self, wire: Wire) -> None:
        wire.cut("polygon eth_call", 10_000)
        with pytest.raises(RpcUnavailable, match="polygon: eth_call failed"):
            run(self.rpc(wire).call({"to": "0x" + "11" * 20, "data": "0x"}, "nothing"))

    def test_read__contract_refuses__its_own_reason(self, wire: Wire) -> None:
        bridge = wire.scene.pipeline.system.bridges[POLYGON].address
        with pytest.raises(CallReverted) as refused:
            run(self.rpc(wire).call({"to": bridge, "data": "0x12345678"}, "nothing"))
        assert refused.value.chain == "polygon"

    def test_read__nothing_there__said(self, wire: Wire) -> None:
        with pytest.raises(CallReverted, match="answers nothing, which is not uint256"):
            run(self.rpc(wire).read("0x" + "11" * 20, "custody(uint16)", "uint256", 1))

    @pytest.mark.parametrize("answer", [{"result": "nonsense"}, {"result": None}, {"result": []}])
    def test_number__odd_answer__is_no_answer(self, wire: Wire, answer: Any) -> None:
        wire.lie("polygon eth_getBalance", lambda told: answer)
        with pytest.raises(RpcUnavailable, match="none of this method"):
            run(self.rpc(wire).balance("0x" + "11" * 20))

    def test_ask__node_lacks_the_method__refused_at_once(self, wire: Wire) -> None:
        wire.lie("polygon eth_chainId", lambda told: {"error": {"code": -32601, "message": "no such method"}})
        with pytest.raises(RpcRefused, match="no such method"):
            run(self.rpc(wire).check_chain_id())

    def test_ask__busy_node__asked_again(self, wire: Wire) -> None:
        busy = iter(range(2))

        def tell(answer: Any) -> Any:
            return answer if next(busy, None) is None else {"error": {"code": -32005, "message": "slow down"}}

        wire.lie("polygon eth_chainId", tell)
        run(self.rpc(wire).check_chain_id())
        assert wire.sent.count("polygon eth_chainId") == 3


class TestRefusals:
    def test_api__odd_answer__is_no_answer_of_this_api(self, wire: Wire) -> None:
        wire.lie("/v1/pools", lambda answer: {"block": "many"})
        with pytest.raises(NodeUnreachable, match="none of this API"):
            wire.open().api.pools()

    def test_api__refusal__has_the_tables_code(self, wire: Wire) -> None:
        from zklink.schema.api.accounts import AccountRequest

        with pytest.raises(RequestRefused) as refused:
            wire.open().api.account(AccountRequest(account=60_000))
        assert refused.value.code == "not_found"

    def test_rebuild_error__operators_error__is_it_again(self) -> None:
        error = BalanceTooSmall(1, 2, balance=10, needed=11)
        told = {"error": "BalanceTooSmall", "account": "1", "token": "2", "balance": "10", "needed": "11"}
        assert str(rebuild_error(told)) == str(error)
        assert isinstance(rebuild_error(told), BalanceTooSmall)

    @pytest.mark.parametrize(
        "told",
        [{}, {"error": "Exception"}, {"error": "annotations"}, {"error": "BalanceTooSmall", "account": "x"}],
    )
    def test_rebuild_error__anything_else__none(self, told: dict[str, str]) -> None:
        assert rebuild_error(told) is None

    def test_errors__all_that_the_client_raises__are_of_one_tree(self) -> None:
        assert all(issubclass(kind, ZkLinkError) for kind in (StillWaiting, NodeUnreachable, CallReverted))
