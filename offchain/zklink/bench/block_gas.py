"""Gas of blocks of swaps: `accept` on the primary, `import_blocks` on members, and all chains' calls together.

Takes a run, gives gas by figure. Costs per request, per payout and per word are slopes between a block with one swap
and a full one; everything else in a call is its fixed part. Every swap is of dollars, to the same recipient, who has
been paid before, but in the one block that says otherwise.
"""

from typing import Final

from zklink.bench.block_run import HOME, OTHER, PRIMARY, THIRD, BlockRun, GasByChain
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.words import PAYOUT_WORDS

_SWAP_WORDS: Final = 5 + PAYOUT_WORDS
"""A request on the source, a payout on the destination."""

RING: Final = {HOME: OTHER, OTHER: THIRD, THIRD: PRIMARY, PRIMARY: HOME}
_FURTHER: Final = 3
_SPREAD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC8341082276B
"""Makes addresses out of small numbers."""


def measure_blocks(run: BlockRun) -> dict[str, int]:
    """Fixed parts and slopes, further blocks of a call, and whole blocks."""
    many = run.system.deployment.preset.slots
    elsewhere = [run.measure([(OTHER, THIRD)] * count) for count in (1, many)]
    requests = [run.measure([(HOME, OTHER)] * count) for count in (1, many)]
    payouts = [run.measure([(OTHER, HOME)] * count) for count in (1, many)]
    owed = [run.measure([(OTHER, HOME)] * count, pay=False) for count in (1, many)]
    for number in (run.sequencer.height - 1, run.sequencer.height):
        run.execute(BlockNumber(number))
    strangers = _pay_strangers(run, many)
    swaps = many - 1
    per_word = _slope(elsewhere, PRIMARY, swaps * _SWAP_WORDS)
    per_request = _slope(requests, HOME, swaps)
    per_payout = _slope(owed, HOME, swaps)
    paid = _slope(payouts, HOME, swaps)
    figures = {
        "accept, fixed part of a block": elsewhere[0][PRIMARY] - _SWAP_WORDS * per_word,
        "accept, per word": per_word,
        "import, fixed part of a block": elsewhere[0][HOME],
        "import, per request in the own slice": per_request,
        "import, per payout in the own slice, owed": per_payout,
        "import, per payout in the own slice, ERC-20, paid in the same call": paid,
        "import, a payout's payment alone": paid - per_payout,
        "import, the same to who has never had the token": (strangers - payouts[0][HOME] + paid) // many - per_payout,
    }
    return figures | _measure_further(run, elsewhere[0]) | _measure_whole(run, elsewhere[0])


def _pay_strangers(run: BlockRun, count: int) -> int:
    """A block of swaps to the home chain, each to another recipient who has nothing of the token there."""
    for number in range(1, count + 1):
        run.requests.swap_dollars(OTHER, HOME, f"0x{number * _SPREAD % 2**160:040x}")
    run.seal()
    return run.everywhere()[HOME]


def _measure_further(run: BlockRun, one: GasByChain) -> dict[str, int]:
    """Several blocks of one swap each in a call, which concern the primary and the home chain as little as `one`."""
    for _ in range(_FURTHER):
        run.requests.swap_dollars(OTHER, THIRD)
        run.seal()
    gas = run.everywhere()
    further = {chain: (gas[chain] - one[chain]) // (_FURTHER - 1) for chain in (PRIMARY, HOME)}
    return {
        "accept, each further block in the same call": further[PRIMARY],
        "import, each further block in the same call": further[HOME],
    }


def _measure_whole(run: BlockRun, between_members: GasByChain) -> dict[str, int]:
    """Blocks with the calls of all chains that they concern, and of all chains at once."""
    slots = run.system.deployment.preset.slots
    ring = list(RING.items())
    full = run.measure(ring * (slots // len(ring)))
    ring_of_one = run.measure(ring)
    with_primary = run.measure([(HOME, PRIMARY)])
    return {
        "full block, the primary's call": full[PRIMARY],
        "full block, a member's call": full[HOME],
        "full block, all calls": sum(full.values()),
        "full block, a swap's share of all calls": sum(full.values()) // slots,
        "one swap from each of four chains, all calls": sum(ring_of_one.values()),
        "one swap between two members, all four chains' calls": sum(between_members.values()),
        "one swap between two members, the primary's call and the one that pays": (
            between_members[PRIMARY] + between_members[THIRD]
        ),
        "one swap between two members, their calls and the primary's": sum(
            between_members[chain] for chain in (PRIMARY, OTHER, THIRD)
        ),
        "one swap from a member to the primary, all four chains' calls": sum(with_primary.values()),
        "one swap from a member to the primary, their two calls": with_primary[PRIMARY] + with_primary[HOME],
    }


def measure_primary(run: BlockRun) -> dict[str, int]:
    """A block that the primary takes by an ACC, and a payout that it pays later."""
    run.requests.swap_dollars(OTHER, THIRD)
    run.seal()
    again = run.accept_again()
    run.requests.swap_dollars(OTHER, PRIMARY)
    number = run.seal()
    run.accept(pay=False)
    for chain in run.system.deployment.members:
        run.import_on(chain)
    return {
        "accept again, a block of one swap": again,
        "execute on the primary, one ERC-20 payout": run.execute(number, PRIMARY),
    }


def _slope(gas: list[GasByChain], chain: ChainId, count: int) -> int:
    one, many = (each[chain] for each in gas)
    return (many - one) // count
