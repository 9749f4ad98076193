"""How many blocks go into one call: the limits of blocks, words and claims that a contract declares. Pure."""

from collections.abc import Iterable, Sequence

from zklink.protocol.limits import MAX_BLOCKS, MAX_CALL_WORDS, MAX_CLAIMS


def take_batch(blocks: Iterable[Sequence[int]], claims: Iterable[int] = ()) -> int:
    """The number of blocks, from the first on, that one call takes; at least one. `blocks` are their words, `claims`
    how many claims each has.
    """
    words = taken = 0
    counts = [*claims] or None
    claimed = 0
    for index, block in enumerate(blocks):
        words += len(block)
        claimed += counts[index] if counts else 0
        if taken and (words > MAX_CALL_WORDS or claimed > MAX_CLAIMS):
            break
        taken += 1
        if taken == MAX_BLOCKS:
            break
    return taken
