"""What chains have said lately: their heads in order, also when a chain goes back."""

from zklink.api.live_view import HEADS_KEPT, LiveView
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.ids import ChainId

CHAIN = ChainId(2)


def put(view: LiveView, *numbers: int) -> list[int]:
    for number in numbers:
        view.put_head(CHAIN, BlockInfo(number, b"", b"", 10 * number))
    return [head.number for head in view.heads(CHAIN)]


def test_heads__as_they_come__ascending_and_the_last_is_the_head() -> None:
    view = LiveView()
    assert (view.head(CHAIN), view.heads(CHAIN)) == (None, ())
    assert put(view, 3, 4, 4, 7) == [3, 4, 7]
    head = view.head(CHAIN)
    assert head is not None and head.number == 7


def test_heads__chain_goes_back__those_above_are_forgotten() -> None:
    view = LiveView()
    assert put(view, 3, 4, 7, 5, 6) == [3, 4, 5, 6]


def test_heads__more_than_are_kept__the_oldest_are_forgotten() -> None:
    view = LiveView()
    assert put(view, *range(HEADS_KEPT + 5)) == list(range(5, HEADS_KEPT + 5))
