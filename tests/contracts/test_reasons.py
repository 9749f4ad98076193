"""Every revert reason of the contracts: short, unique, and named in a test that provokes it."""

from collections import Counter

from zklink.cli.reason_meanings import MEANINGS
from zklink.l1.contract_artifacts import CONTRACTS
from zklink.lab.gates import find_findings, read_project
from zklink.lab.gates.reasons import find_reasons

PROJECT = read_project(CONTRACTS.parent)


def count_reasons() -> Counter[str]:
    """Every reason in the sources that are deployed, with how often it is written."""
    return Counter(reason.text for reason in find_reasons(PROJECT))


def test_reasons__all__are_found() -> None:
    reasons = count_reasons()
    assert len(reasons) > 100
    assert {"bridge: zero amount", "custody: more than came in", "groups: signer order"} <= reasons.keys()


def test_reasons__all__are_short_unique_and_provoked_by_a_test() -> None:
    assert [str(found) for found in find_findings(PROJECT, ("reasons",))] == []


def test_meanings__all_reasons_and_no_others__have_one() -> None:
    assert sorted(MEANINGS) == sorted(count_reasons())


def test_meanings__any__is_a_sentence() -> None:
    wrong = [reason for reason, text in MEANINGS.items() if not text.endswith(".") or not text[0].isupper()]
    assert wrong == []
