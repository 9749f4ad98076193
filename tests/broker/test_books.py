"""What a broker's books say after a restart."""

from collections.abc import Sequence

from tests.broker.test_broker import DEPLOYMENT, POLICY, A, B, FakeFillPort, candidate, fill
from zklink.broker.books import Kept
from zklink.broker.broker import Broker
from zklink.broker.records import Position
from zklink.protocol.ids import BlockNumber


class BooksInMemory:
    """Books that outlive a broker."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Kept] = {}

    def load(self) -> Sequence[Kept]:
        return tuple(self._kept.values())

    def load_final(self) -> Sequence[Position]:
        return ()

    def keep(self, kept: Kept) -> None:
        self._kept[kept.position.key] = kept

    def drop(self, key: bytes) -> None:
        self._kept.pop(key, None)


def test_retract__fill_of_a_block_that_was_unsealed__is_known_as_such_after_a_restart() -> None:
    books, port = BooksInMemory(), FakeFillPort()
    broker = Broker(DEPLOYMENT, {B: port}, POLICY, {A: 3, B: 3}, books)
    fill(broker, candidate(1, block=2))
    fill(broker, candidate(2, block=1))
    broker.retract(BlockNumber(1))
    again = Broker(DEPLOYMENT, {B: port}, POLICY, {A: 3, B: 3}, books)
    assert [position.is_retracted for position in again.positions] == [True, False]
    assert again.positions == broker.positions
