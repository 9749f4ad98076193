"""What the story of five chains prints: it fits a narrow terminal."""

from io import StringIO

from rich.console import Console

from zklink.demo.solana.accounts_run import ACTS, AccountsResult
from zklink.demo.solana.outcome import build_accounts_report, build_report, print_accounts_report, print_report
from zklink.demo.solana.solana_run import SolanaResult, Wanted
from zklink.devnet.profiles import AVALANCHE
from zklink.devnet.solana.member import PROFILE
from zklink.devnet.solana.tokens import SOL, SOLANA_TOKENS
from zklink.devnet.tokens import AVAX

WANTED = Wanted(10 * SOLANA_TOKENS[SOL].unit, SOL, PROFILE, AVAX, AVALANCHE)


def test_print_report__eighty_columns__nothing_is_cut() -> None:
    assert WANTED.title == "10 SOL solana → AVAX avalanche"
    row = (WANTED.title, "Carol", "refunded", "49.7673 AVAX", "11")
    result = SolanaResult([row], ["a swap is lost"], 11, 95.0)
    out = StringIO()
    print_report(Console(file=out, width=80), result)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in out.getvalue()
    [line] = [line for line in lines if line.startswith("│")]
    assert tuple(cell.strip() for cell in line.strip("│").split("│")) == row
    assert "problem: a swap is lost" in out.getvalue() and "every swap came" not in out.getvalue()
    assert build_report(result)["swaps"] == [dict(zip(("swap", "for", "outcome", "amount", "block"), row, strict=True))]


def test_print_accounts_report__eighty_columns__nothing_is_cut() -> None:
    rows = [(title, "1,699.9812 USDC", "11.9934 SOL", "12") for title, _ in ACTS]
    result = AccountsResult(list(rows), [], 13, 95.0)
    out = StringIO()
    print_accounts_report(Console(file=out, width=80), result)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80 and "…" not in out.getvalue()
    shown = [tuple(cell.strip() for cell in line.strip("│").split("│")) for line in lines if line.startswith("│")]
    assert shown == rows and "to the unit" in out.getvalue()
    assert [act["act"] for act in build_accounts_report(result)["acts"]] == [title for title, _ in ACTS]
