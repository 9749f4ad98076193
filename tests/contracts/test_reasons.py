"""Every revert reason of the contracts: short, unique, and named in a test that provokes it."""

from collections import Counter
from pathlib import Path

from zklink.cli.error_page import find_reasons
from zklink.cli.reason_meanings import MEANINGS
from zklink.l1.contract_artifacts import CONTRACTS

MAX_BYTES = 32
TESTS = Path(__file__).resolve().parents[1]


def count_reasons() -> Counter[str]:
    """Every reason in the sources that are deployed, with how often it is written."""
    return Counter(reason.text for reason in find_reasons())


def test_reasons__all__are_found() -> None:
    reasons = count_reasons()
    assert len(reasons) > 100
    assert {"bridge: zero amount", "custody: more than came in", "groups: signer order"} <= reasons.keys()


def test_reasons__all__fit_into_a_word() -> None:
    assert [reason for reason in count_reasons() if len(reason.encode()) > MAX_BYTES] == []


def test_reasons__all__are_unique() -> None:
    assert [reason for reason, count in count_reasons().items() if count > 1] == []


def test_meanings__all_reasons_and_no_others__have_one() -> None:
    assert sorted(MEANINGS) == sorted(count_reasons())


def test_meanings__any__is_a_sentence() -> None:
    wrong = [reason for reason, text in MEANINGS.items() if not text.endswith(".") or not text[0].isupper()]
    assert wrong == []


def test_reasons__all__are_provoked_by_a_test() -> None:
    texts = [path.read_text() for path in (TESTS / "contracts").glob("test_*.py") if path != Path(__file__).resolve()]
    assert [reason for reason in count_reasons() if not any(f'"{reason}"' in text for text in texts)] == []


def test_asserts__none__is_without_a_reason() -> None:
    """A bare `assert x` would revert with nothing to read."""
    for path in CONTRACTS.rglob("*.vy"):
        for line in path.read_text().splitlines():
            if line.strip().startswith("assert "):
                assert '"' in line or line.strip() == "assert condition, reason", f"{path.name}: {line.strip()}"
