"""What a hash and a signature take: Python's integers, the field machine one by one and in batches, and its lanes.

All ways hash the same rows in turn, in rounds; of each the fastest round counts, so that other work on the machine
touches all of them alike. Seconds are processor time.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from zklink.primitives import machine, machine_lanes
from zklink.primitives.eddsa import PrivateKey, verify, verify_many
from zklink.primitives.field import R
from zklink.primitives.machine import Machine
from zklink.primitives.machine_code import ELEMENT_BYTES
from zklink.primitives.machine_lanes import LANES, LanesMachine
from zklink.primitives.poseidon import encode_elements, poseidon_plain
from zklink.primitives.poseidon_program import Permutation
from zklink.prover.progress import SILENT, Progress

COUNTS: Final = (2, 4, 5, 8, 16)
ROWS: Final = 1_024
PLAIN_ROWS: Final = 8
SINGLES: Final = 64
EIGHTS: Final = 32
"""So many small calls at a time, for the clock is coarse."""

ROUNDS: Final = 7
SIGNATURES: Final = 64
MICRO: Final = 1e6


@dataclass(frozen=True, slots=True)
class HashFigures:
    """Microseconds of one hash of `inputs` elements; `lanes` and `eight`, eight rows alone, are None without lanes."""

    inputs: int
    plain: float
    single: float
    batch: float
    eight: float | None
    lanes: float | None

    @property
    def best(self) -> float:
        """A hash in a large batch."""
        return self.batch if self.lanes is None else self.lanes


def measure_hashes(progress: Progress = SILENT) -> list[HashFigures]:
    """One row for each number of inputs. Raises RuntimeError where there is no field machine."""
    with progress.step("hashes", len(COUNTS)) as step:
        figures = []
        for count in COUNTS:
            figures.append(_measure(count))
            step.advance()
        return figures


def measure_signatures() -> tuple[float, float]:
    """Microseconds of checking one signature, alone and together with others, in turn."""
    key = PrivateKey.from_seed(bytes(range(32)))
    signed = [(message, key.sign(message)) for message in range(SIGNATURES)]

    claims = [(key.public_key, message, signature) for message, signature in signed]

    def check_each() -> None:
        assert all(verify(*claim) for claim in claims)

    def check_together() -> None:
        assert all(verify_many(claims))

    check_each()
    check_together()
    rounds = [(_time(check_each), _time(check_together)) for _ in range(ROUNDS)]
    alone, together = (min(column) / SIGNATURES * MICRO for column in zip(*rounds, strict=True))
    return alone, together


def _measure(count: int) -> HashFigures:
    run, runs = machine.load(), machine_lanes.load()
    if run is None:
        raise RuntimeError("no field machine on this processor")
    chance = random.Random(count)
    rows = [[chance.randrange(R) for _ in range(count)] for _ in range(ROWS)]
    encoded, width = encode_elements([element for row in rows for element in row]), count * ELEMENT_BYTES
    one_by_one = Permutation(Machine(run, count), count)
    ways: list[tuple[int, Callable[[], object]]] = [
        (PLAIN_ROWS, lambda: [poseidon_plain(row) for row in rows[:PLAIN_ROWS]]),
        (
            SINGLES,
            lambda: [one_by_one.hash_rows(encoded[row * width : (row + 1) * width], 1) for row in range(SINGLES)],
        ),
        (ROWS, lambda: one_by_one.hash_rows(encoded, ROWS)),
    ]
    if runs is not None:
        lanes = Permutation(LanesMachine(runs, count), count)
        eight = encoded[: LANES * width]
        ways += [
            (EIGHTS * LANES, lambda: [lanes.hash_rows(eight, LANES) for _ in range(EIGHTS)]),
            (ROWS, lambda: lanes.hash_rows(encoded, ROWS)),
        ]
    for _, way in ways:
        way()
    rounds = [[_time(way) / number * MICRO for number, way in ways] for _ in range(ROUNDS)]
    plain, single, batch, *wide = (min(column) for column in zip(*rounds, strict=True))
    alone, in_lanes = wide if wide else (None, None)
    return HashFigures(count, plain, single, batch, alone, in_lanes)


def _time(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start
