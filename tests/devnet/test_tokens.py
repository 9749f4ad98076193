"""The table of tokens: one rule for a token's name, and a word about every token that a deployment leaves out."""

from zklink.devnet.profiles import PROFILES
from zklink.devnet.solana.tokens import TOKENS_WITH_SOLANA
from zklink.devnet.tokens import BTC, ETH, USDC, choose_tokens, describe_left_out, load_tokens, token_by_id
from zklink.protocol.presets import COMPACT, MINIMAL

CHAINS = [profile.name for profile in PROFILES]


def test_symbol_on__other_than_in_layer_2__both_the_chains_first() -> None:
    btc = token_by_id(BTC)
    assert {chain: btc.symbol_on(chain) for chain in btc.contracts} == {
        "ethereum": "WBTC (BTC)",
        "polygon": "WBTC (BTC)",
        "bsc": "BTCB (BTC)",
        "avalanche": "BTC.b (BTC)",
    }


def test_symbol_on__the_same_as_in_layer_2__once() -> None:
    assert token_by_id(ETH).symbol_on("ethereum") == "ETH"
    assert {token_by_id(USDC).symbol_on(chain) for chain in CHAINS} == {"USDC"}


def test_choose_tokens__small_preset__the_rest_is_left_out_with_the_reason() -> None:
    chosen, left_out = choose_tokens(load_tokens(), MINIMAL, CHAINS)
    assert [token.token_id for token in chosen] == list(range(1, MINIMAL.lp_base))
    assert describe_left_out(left_out) == (
        "not deployed from tokens.json: WETH, WPOL, WBNB, WAVAX (preset minimal has room for tokens 1 to 7)",
    )


def test_choose_tokens__few_chains__tokens_of_other_chains_are_left_out() -> None:
    chosen, left_out = choose_tokens(load_tokens(), COMPACT, ["polygon"])
    assert {token.symbol for token in chosen} == {"USDC", "USDT", "ETH", "POL", "BTC", "WPOL"}
    assert describe_left_out(left_out) == (
        "not deployed from tokens.json: BNB, AVAX, WETH, WBNB, WAVAX (it is on none of these chains)",
    )


def test_choose_tokens__room_for_all__says_nothing() -> None:
    chosen, left_out = choose_tokens(load_tokens(), COMPACT, CHAINS)
    assert (chosen, describe_left_out(left_out)) == (load_tokens(), ())


def test_choose_tokens__with_solana__sol_is_among_those_of_the_smallest_preset() -> None:
    table = TOKENS_WITH_SOLANA.values()
    chosen, left_out = choose_tokens(table, MINIMAL, [*CHAINS, "solana"])
    assert [token.symbol for token in chosen] == ["USDC", "USDT", "ETH", "BNB", "POL", "AVAX", "SOL"]
    assert [token.symbol for token in left_out] == ["WETH", "WPOL", "WBNB", "WAVAX", "BTC"]
    every, left_out = choose_tokens(table, COMPACT, [*CHAINS, "solana"])
    assert left_out == () and {token.symbol for token in every} == {token.symbol for token in load_tokens()} | {"SOL"}
    assert [token.token_id for token in every] == list(range(1, len(every) + 1))
    assert {token.symbol for token in every if "solana" in token.contracts} == {"USDC", "USDT", "SOL", "BTC"}


def test_tokens_with_solana__brought_there__have_the_same_units_as_before() -> None:
    usual = {token.symbol: token.layer2_decimals for token in load_tokens()}
    found = {token.symbol: token.layer2_decimals for token in TOKENS_WITH_SOLANA.values()}
    assert found == usual | {"SOL": 9}
