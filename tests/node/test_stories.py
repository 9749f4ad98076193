"""Stories and tapes of the demo: exact amounts, and a clear word about what is wrong with a tape."""

import pytest

from zklink.demo.lines import describe_story
from zklink.demo.network.node_settings import build_fills
from zklink.demo.stories import Expectation, default_stories, format_amount, parse_amount, read_tape
from zklink.devnet.profiles import PROFILES
from zklink.devnet.tokens import AVAX, BNB, BTC, ETH, USDC, token_by_id
from zklink.protocol.errors import TapeInvalid

CHAINS = [profile.name for profile in PROFILES]
HEADER = "seconds,source,destination,token_in,token_out,amount,min_out\n"


def test_default_stories__what_the_demo_promises__all_there() -> None:
    stories = default_stories()
    ways = {(s.source, s.symbol_in, s.destination, s.symbol_out) for s in stories}
    assert ("polygon", "USDC", "bsc", "USDC") in ways
    assert ("avalanche", "AVAX", "ethereum", "USDC") in ways
    assert any(s.source == "polygon" and s.destination == "bsc" and s.token_in != s.token_out for s in stories)
    (routed,) = (story for story in stories if story.via is not None)
    assert routed.legs == ((AVAX, USDC), (USDC, BNB)) and ("avalanche", "AVAX", "bsc", "BNB") in ways
    assert {story.expectation for story in stories} == {Expectation.PAID, Expectation.FILLED, Expectation.REFUNDED}
    assert all((s.fill_fee > 0) == (s.expectation is Expectation.FILLED) for s in stories)


def test_read_tape__swaps__sorted_by_time_with_exact_amounts() -> None:
    text = HEADER + "2.5,bsc,polygon,USDC,USDC,0.000001,0\n0, polygon ,bsc,WETH,BTCB,1.5,0.07\n"
    first, second = read_tape(text, CHAINS)
    assert (first.seconds, first.token_in.token_id, first.token_out.token_id) == (0.0, ETH, BTC)
    assert describe_story(first) == "1.5 WETH (ETH) polygon → BTCB (BTC) bsc"
    assert (first.amount, first.min_out) == (15 * 10**17, 7 * 10**6)
    assert (second.seconds, second.token_in.token_id, second.amount, second.fill_fee) == (2.5, USDC, 1, 0)
    assert second.expectation is Expectation.ANY


@pytest.mark.parametrize(
    ("text", "line", "detail"),
    [
        ("", 1, "the columns are"),
        ("seconds,source\n0,bsc\n", 1, "the columns are"),
        (HEADER, 2, "there is no swap"),
        (HEADER + "0,polygon,mars,USDC,USDC,1,0\n", 2, "destination is one of"),
        (HEADER + "0,polygon,bsc,USDC,DOGE,1,0\n", 2, "no token is called DOGE on bsc"),
        (HEADER + "0,polygon,bsc,USDC,USDC,1,0\nsoon,polygon,bsc,USDC,USDC,1,0\n", 3, "could not convert"),
        (HEADER + "0,polygon,bsc,USDC,USDC,0.0000001,0\n", 2, "no exact layer-2 amount"),
        (HEADER + "0,polygon,bsc,USDC,USDC,-1,0\n", 2, "no exact layer-2 amount"),
        (HEADER + "0,polygon,bsc,USDC,USDC,many,0\n", 2, "'many' is not a number"),
        (HEADER + "0,polygon,bsc,USDC\n", 2, "no token is called  on bsc"),
    ],
)
def test_read_tape__malformed__refused_with_line_and_reason(text: str, line: int, detail: str) -> None:
    with pytest.raises(TapeInvalid) as error:
        read_tape(text, CHAINS)
    assert error.value.line == line
    assert detail in error.value.detail


@pytest.mark.parametrize(
    ("text", "shown"), [("1234567.5", "1,234,567.5"), ("0.000001", "0.000001"), ("3", "3"), ("0", "0")]
)
def test_format_amount__whatever_was_parsed__reads_the_same(text: str, shown: str) -> None:
    token = token_by_id(USDC)
    assert format_amount(parse_amount(text, token), token) == shown


def test_fills__stories_of_the_demo__their_fees_are_enough_and_one_unit_is_not() -> None:
    for story in default_stories():
        if story.expectation is Expectation.FILLED:
            assert 1 < build_fills(story.token_out).minimum_fee <= story.fill_fee
