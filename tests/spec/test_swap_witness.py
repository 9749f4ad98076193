"""Circuit inputs: every signal of the swap block, in its shape, and nothing else."""

from hypothesis import given

from tests.strategies import Case, block_cases
from tests.support.tries import tries
from zklink.protocol.ids import MAX_CHAINS, BlockNumber
from zklink.protocol.presets import MINIMAL, Preset
from zklink.transition.swap_block import apply_block
from zklink.witness.swap_block import Signal, compute_inputs


def _shape(signal: Signal) -> tuple[int, ...]:
    if isinstance(signal, int):
        return ()
    shapes = {_shape(item) for item in signal}
    assert len(shapes) == 1
    return (len(signal), *shapes.pop())


def _expected_shapes(preset: Preset) -> dict[str, tuple[int, ...]]:
    rows, pools, depth = preset.token_rows, preset.pool_rows, preset.token_depth
    numbers = "commitment z lambda y domain number timestamp old_root new_root account_root token_root pool_root"
    request = (
        "used source destination request_id token_in token_out via amount min_out operator_fee fill_fee deadline "
        "queued_at recipient.hi recipient.lo refund_to.hi refund_to.lo native_fee"
    )
    pool = "reserve_lower reserve_higher supply fee lp_token"
    shapes: dict[str, tuple[int, ...]] = {**dict.fromkeys(numbers.split(), ()), "row_id": (rows,)}
    for i in range(rows):
        shapes |= {f"row[{i}].leaf.reserve": (MAX_CHAINS,), f"row[{i}].leaf.fees": (), f"row[{i}].path": (depth, 3)}
    for i in range(pools):
        shapes |= {f"pair[{i}].lower": (), f"pair[{i}].higher": (), f"pool[{i}].path": (2 * depth, 3)}
        shapes |= {f"pool[{i}].leaf.{name}": () for name in pool.split()}
    for i in range(preset.slots):
        shapes |= {f"request[{i}].{name}": () for name in request.split()}
    return shapes


@given(block_cases())
@tries(25)
def test_compute_inputs__any_block__has_every_signal_and_shape(case: Case) -> None:
    block = apply_block(case.state(), case.requests, BlockNumber(1), case.timestamp, 1, MINIMAL)
    signals = compute_inputs(block)
    assert {name: _shape(signal) for name, signal in signals.items()} == _expected_shapes(MINIMAL)
    used = len(case.requests)
    places = range(MINIMAL.slots)
    assert [signals[f"request[{i}].used"] for i in places] == [1] * used + [0] * (MINIMAL.slots - used)
    amounts = [request.amount for request in case.requests]
    assert [signals[f"request[{i}].amount"] for i in places] == amounts + [0] * (MINIMAL.slots - used)
    assert [signals[name] for name in ("commitment", "z", "lambda", "y")] == list(block.inputs.as_tuple())
