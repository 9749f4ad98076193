"""Acceptance counts as final once it is as deep as the primary's confirmations."""

from zklink.node.filling import AcceptanceDepth
from zklink.protocol.ids import BlockNumber


def note(depth: AcceptanceDepth, height: int, accepted: int) -> int:
    depth.note(height, BlockNumber(accepted))
    return depth.final


def test_note__blocks_accepted_one_after_the_other__final_when_deep() -> None:
    depth = AcceptanceDepth(3)
    assert [note(depth, height, accepted) for height, accepted in [(10, 0), (11, 1), (12, 1), (13, 2), (15, 2)]] == [
        0, 0, 0, 1, 2
    ]  # fmt: skip


def test_note__one_confirmation__final_at_once() -> None:
    assert note(AcceptanceDepth(1), 10, 4) == 4


def test_note__acceptance_lost_in_a_reorganisation__counts_from_anew() -> None:
    depth = AcceptanceDepth(3)
    note(depth, 10, 1)
    note(depth, 12, 2)
    assert note(depth, 13, 1) == 1
    assert note(depth, 14, 2) == 1
    assert note(depth, 15, 2) == 1
    assert note(depth, 16, 2) == 2
