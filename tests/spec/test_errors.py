"""The exception tree: every class is drawn from one branch, carries its data and says what would be right."""

import inspect
from dataclasses import fields, is_dataclass

import pytest

from zklink.cli.error_page import read_action
from zklink.lab.errors import LabError
from zklink.protocol import errors
from zklink.protocol.errors import L1Error, OperationError, ToolError, ZkLinkError, recovery, sync

BRANCHES = ZkLinkError.__subclasses__()
CAUSES = [cause for branch in BRANCHES for cause in branch.__subclasses__()]
MET = [
    *(cause for branch in (L1Error, OperationError, ToolError, LabError) for cause in branch.__subclasses__()),
    *(cause for cause in CAUSES if cause.__module__ in (recovery.__name__, sync.__name__)),
    errors.JournalOutdated,
    errors.HistoryDiverged,
    errors.FilesMixed,
    errors.ProofRejected,
    errors.ProverPanicked,
]
"""Errors that users and operators meet, not only authors of a program or of this package."""


def _example(cause: type[ZkLinkError]) -> ZkLinkError:
    """An error whose data are all different and easy to find in its text."""
    values: dict[str, object] = {}
    for number, field in enumerate(fields(cause), start=1):  # type: ignore[arg-type]
        samples: dict[object, object] = {
            bytes: bytes([number] * 32),
            str: f"<{number}>",
            bool: True,
            tuple[int, ...]: (number,),
        }
        values[field.name] = samples.get(field.type, 7_000 + number)
    return cause(**values)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
def test_cause__any__carries_data_and_is_importable_from_one_place(cause: type[ZkLinkError]) -> None:
    assert getattr(errors, cause.__name__) is cause
    assert inspect.getdoc(cause)
    assert is_dataclass(cause)


@pytest.mark.parametrize("cause", MET, ids=lambda cause: cause.__name__)
def test_action__error_that_people_meet__is_told_in_sentences(cause: type[Exception]) -> None:
    assert read_action(cause)[:1].isupper()
    assert read_action(cause).endswith(".")


@pytest.mark.parametrize("cause", [*CAUSES, *LabError.__subclasses__()], ids=lambda cause: cause.__name__)
def test_docstring__any__has_its_action_on_a_line_of_its_own(cause: type[Exception]) -> None:
    assert (inspect.getdoc(cause) or "").count("Do:") == bool(read_action(cause))


def test_tree__docstring__draws_every_branch() -> None:
    assert all(f"+-- {branch.__name__} " in (errors.__doc__ or "") for branch in BRANCHES)


@pytest.mark.parametrize("cause", OperationError.__subclasses__(), ids=lambda cause: cause.__name__)
def test_str__operation_error__says_every_number_it_carries(cause: type[OperationError]) -> None:
    error = _example(cause)
    said = str(error).replace("0x1b59", "7001").replace("0x1b5a", "7002").replace("0x1b5b", "7003")
    numbers = [getattr(error, field.name) for field in fields(cause)]  # type: ignore[arg-type]
    # a limit may be said as the last number below it
    assert all(str(n) in said or str(n - 1) in said for n in numbers if type(n) is int), said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.WrongNonce(1, expected=5, nonce=3), "account 1: nonce 3 where 5 is next"),
        (errors.BalanceTooSmall(1, 2, balance=10, needed=11), "account 1 has 10 of token 2 and needs 11: 1 more"),
        (errors.OperationExpired(1, 100, 160), "account 1: the operation was valid until 100, 60 seconds before 160"),
        (errors.FeeNotPackable(2048, 2040, 2050), "fee 2048 cannot be packed; the nearest that can: 2040 or 2050"),
        (errors.TokensNotAscending(5, 3), "a pool is named by its lower token id first: (3, 5)"),
        (errors.WrongKey(1, 0, 9), "account 1 has no public key yet: set one with a change of public key"),
    ],
)
def test_str__what_would_be_right__is_said(error: OperationError, said: str) -> None:
    assert str(error) == said
