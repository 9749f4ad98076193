"""What a door should cost: every call that a request can cause, at worst packing, in the coin of its chain."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.requests import make_request
from zklink.prices.gas_costs import LAMPORTS, LAMPORTS_PER_TRANSACTION, MEASURED, GasCosts
from zklink.prices.table import GREATEST_GWEI, Market, Prices, price_lamports
from zklink.prices.worst_packing import count_deposits, count_full_exits, count_key_requests, count_swaps
from zklink.protocol.errors import PriceUnknown
from zklink.protocol.ids import ChainId, Door, TokenId
from zklink.protocol.presets import COMPACT, MAIN, MINIMAL, PRESETS, Preset
from zklink.sequencer.swap_builder import select_requests

P, A, B, C = (ChainId(i) for i in (4, 1, 2, 3))
GWEI = 10**9
USD = 10**6
MARKETS = {
    A: Market(20 * GWEI, 2_500 * USD),
    B: Market(40 * GWEI, USD // 2),
    C: Market(GWEI, 600 * USD),
    P: Market(25 * GWEI, 30 * USD),
}
NOTHING = GasCosts(*[0] * 6)
SNAPSHOTS = Path(__file__).parents[2] / "snapshots" / "gas.json"
NAMES = {
    "accept_block": "PrimaryHistory.accept: accept, fixed part of a block",
    "word": "PrimaryHistory.accept: accept, per word",
    "import_block": "MemberHistory.import_blocks: import, fixed part of a block",
    "import_further": "MemberHistory.import_blocks: import, each further block in the same call",
    "record": "MemberHistory.import_blocks: import, per request in the own slice",
    "payment": "MemberHistory.execute: execute, one payout that its recipient refuses",
}

markets_of_chains = st.fixed_dictionaries(
    dict.fromkeys(MARKETS, st.builds(Market, st.integers(1, 10**12), st.integers(1, 10**11)))
)
presets = st.sampled_from(list(PRESETS.values()))


@pytest.mark.parametrize("name", NAMES)
def test_measured__against_the_snapshot__covers_it_and_little_more(name: str) -> None:
    measured = json.loads(SNAPSHOTS.read_text())[NAMES[name]]
    assert measured <= asdict(MEASURED)[name] <= measured * 13 // 10


@pytest.mark.parametrize(
    ("preset", "swaps", "deposits", "keys", "exits"),
    [(MAIN, 3, 4, 12, 2), (COMPACT, 1, 4, 4, 2), (MINIMAL, 1, 2, 2, 1)],
)
def test_counts__of_a_preset__rows_run_out_before_slots(
    preset: Preset, swaps: int, deposits: int, keys: int, exits: int
) -> None:
    counts = count_swaps(preset), count_deposits(preset), count_key_requests(preset), count_full_exits(preset)
    assert counts == (swaps, deposits, keys, exits)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=str)
def test_count_swaps__routes_with_nothing_in_common__are_what_the_builder_takes(preset: Preset) -> None:
    tokens = [TokenId(token) for token in range(1, preset.lp_base)]
    routes = [
        make_request(1, number, token_in=a, via=via, token_out=b)
        for number, (a, via, b) in enumerate(zip(tokens[0::3], tokens[1::3], tokens[2::3], strict=False), start=1)
    ]
    assert len(routes) >= count_swaps(preset)
    assert len(select_requests({ChainId(1): routes}, preset, 0)) == count_swaps(preset)


def test_swap__one_figure_at_a_time__as_counted_by_hand() -> None:
    """In `main` three swaps share a block, and eight words are a swap's own."""
    market = dict.fromkeys(MARKETS, Market(GWEI, USD))

    def price(source: ChainId, destination: ChainId, **gas: int) -> int:
        return Prices(market, P, MAIN, 100, replace(NOTHING, **gas)).swap(source, destination)

    assert price(A, B, accept_block=300_000) == 100_000
    assert price(A, B, word=100) == 800
    assert price(A, B, import_block=300_000) == 200_000, "source and destination"
    assert price(A, A, import_block=300_000) == price(A, P, import_block=300_000) == 100_000, "one member"
    assert price(P, P, import_block=300_000) == 1, "none, and nothing is free"
    assert price(A, B, import_further=300_000) == 100_000, "the third member takes it with others"
    assert price(A, B, record=1_000) == 2_000 and price(A, P, record=1_000) == 1_000
    assert price(A, B, payment=77) == 77, "paid or refunded, never both"


def test_swap__coins_of_different_worth__counted_in_dollars() -> None:
    only = replace(NOTHING, payment=100_000)
    to_dear = Prices(MARKETS, P, MAIN, 100, only).swap(C, A)
    assert to_dear == -(-100_000 * 20 * 2_500 // 600), "gas of the destination, in the coin of the source"
    assert Prices(MARKETS, P, MAIN, 100, only).swap(A, C) == 2_000_000, "a refund on the source is dearer"


@given(markets_of_chains, presets)
def test_compute__any_markets__every_kind_has_a_price_that_words_can_say(
    markets: dict[ChainId, Market], preset: Preset
) -> None:
    table = Prices(markets, P, preset)
    for source in markets:
        found = table.compute(source)
        assert found.keys() == {*map(int, markets), *map(int, Door)}
        assert all(1 <= price <= GREATEST_GWEI for price in found.values())
        assert found[Door.KEY_REQUEST] <= found[Door.DEPOSIT], "a key request reads no token"


@given(markets_of_chains, st.sampled_from(list(MARKETS)), st.integers(2, 50), presets)
def test_compute__gas_gets_dearer_somewhere__no_price_falls(
    markets: dict[ChainId, Market], where: ChainId, factor: int, preset: Preset
) -> None:
    dearer = markets | {where: replace(markets[where], gas_price_wei=markets[where].gas_price_wei * factor)}
    for source in markets:
        before, after = (Prices(found, P, preset).compute(source) for found in (markets, dearer))
        assert all(after[kind] >= before[kind] for kind in before)


@given(markets_of_chains, presets, st.sampled_from([(A, B), (P, A), (A, P), (C, C)]))
def test_swap__a_block_at_worst_packing__its_fees_pay_for_all_of_its_calls(
    markets: dict[ChainId, Market], preset: Preset, way: tuple[ChainId, ChainId]
) -> None:
    """What the swaps of a block bring covers what the block costs on all chains, dollar for dollar."""
    table, count, gas = Prices(markets, P, preset, margin=100), count_swaps(preset), MEASURED
    earned = count * table.swap(*way) * GWEI * markets[way[0]].coin_micro_usd
    spent = gas.accept_block * markets[P].cost + count * 8 * gas.word * markets[P].cost
    for chain in (A, B, C):
        spent += (gas.import_block if chain in way else gas.import_further) * markets[chain].cost
        spent += count * gas.record * markets[chain].cost * way.count(chain)
    spent += count * gas.payment * max(markets[chain].cost for chain in way)
    assert earned >= spent or table.swap(*way) == GREATEST_GWEI


def test_compute__a_chain_without_a_price__says_which() -> None:
    with pytest.raises(PriceUnknown, match="chain 2"):
        Prices(MARKETS | {B: Market(GWEI, 0)}, P, MAIN).compute(B)
    with pytest.raises(PriceUnknown, match="chain 4"):
        Prices({A: MARKETS[A]}, P, MAIN).compute(A)


def test_compute__the_margin__is_of_the_cost() -> None:
    once, twice = (Prices(MARKETS, P, MAIN, margin).compute(C) for margin in (100, 200))
    assert all(0 <= 2 * once[kind] - twice[kind] <= 2 for kind in once if kind != Door.CROWDED_EXIT)


S = ChainId(5)
"""A Solana chain."""
PAGE = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()


def read_lamports(row: str) -> int:
    """The fees of a block, or of a payout, by the page on performance, which a test measures."""
    [found] = [line for line in PAGE.splitlines() if line.startswith(f"| {row} |")]
    return int(found.split("|")[3].replace(",", ""))


def test_lamports__against_the_page__cover_it_and_little_more() -> None:
    fixed = read_lamports("none")
    assert fixed <= LAMPORTS.import_block == LAMPORTS.import_further <= fixed * 13 // 10
    assert read_lamports("1 to Solana") - fixed <= LAMPORTS.record <= LAMPORTS_PER_TRANSACTION
    assert 2 * read_lamports("a payout") == LAMPORTS.payment, "broker and recipient, each by itself"
    assert (LAMPORTS.accept_block, LAMPORTS.word) == (0, 0), "Solana is never the primary"


def on_solana(sol_usd: int = 150, lamports: int = LAMPORTS_PER_TRANSACTION) -> Prices:
    markets = {**MARKETS, S: price_lamports(sol_usd * USD, lamports)}
    return Prices(markets, P, MAIN, 100, programs=(S,))


def test_swap__to_solana__is_dearer_by_what_its_transactions_cost() -> None:
    """In the coin of a chain: 0.00004 SOL of a record and a payment, less the dearest payment elsewhere."""
    with_it, without = on_solana(), Prices(MARKETS, P, MAIN, 100)
    shared = LAMPORTS.import_block // count_swaps(MAIN) * 150 * USD
    for source in MARKETS:
        coin = MARKETS[source].coin_micro_usd
        more = with_it.swap(source, source) - without.swap(source, source)
        assert abs(more - shared // coin) <= 1, "every block is brought there, whatever it is about"
        assert with_it.compute(source).keys() == without.compute(source).keys() | {S}
    record = LAMPORTS.record * 150 * USD // MARKETS[A].coin_micro_usd
    plain = Prices({**MARKETS, S: Market(1, 150 * USD)}, P, MAIN, 100).swap(A, S)
    assert with_it.swap(A, S) >= plain + record


def test_doors__of_solana__in_lamports_follow_sol_and_its_fees() -> None:
    nothing = {**MARKETS, S: price_lamports(150 * USD)}
    free = Prices(
        {chain: Market(0, m.coin_micro_usd) if chain != S else m for chain, m in nothing.items()}, P, MAIN, 100
    )
    alone = replace(free, programs=(S,))
    fixed = -(-LAMPORTS.import_block // count_swaps(MAIN))
    assert abs(alone.swap(S, S) - (fixed + 2 * LAMPORTS.record + LAMPORTS.payment)) <= 1, "in lamports, whatever SOL is"
    assert alone.deposit(S) == -(-LAMPORTS.import_block // count_deposits(MAIN)) + LAMPORTS.record
    assert on_solana(sol_usd=300).deposit(S) < on_solana().deposit(S), "the primary's gas is fewer lamports then"
    assert on_solana(lamports=10_000).deposit(S) > on_solana().deposit(S)
