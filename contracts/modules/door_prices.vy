# pragma version 0.4.3
"""
@title door_prices
@license Apache-2.0
@notice What each door of a bridge costs: takes prices from the setter and bounds from the governor, gives the price in
        effect. Never takes a fee.
@dev Kinds: 1..8 a swap to that chain, then DEPOSIT_PRICE, KEY_REQUEST_PRICE, FULL_EXIT_PRICE, CROWDED_EXIT_PRICE; all
     in gwei of the chain's coin. One word a kind: now 40 | next 40 | from 40 | low 40 | high 40; what the setter's
     calls alone touch is in another: base 40 | peak 40 | since 40 (lowest first).
     A rise counts FEE_NOTICE_SECONDS after it is set, a fall at once. The setter raises no price above twice its base:
     the price that was in effect when a day began. A day ends when no rise above its peak, the highest price in effect
     in it, was to count in the last 86,400 seconds. So the highest price ever at most doubles within any 86,400 seconds.
"""

from ..interfaces import IRegistry
from . import constants

GWEI_BITS: constant(uint256) = 40
MASK: constant(uint256) = 2**GWEI_BITS - 1
NEXT_SHIFT: constant(uint256) = 40
FROM_SHIFT: constant(uint256) = 80
LOW_SHIFT: constant(uint256) = 120
HIGH_SHIFT: constant(uint256) = 160
PEAK_SHIFT: constant(uint256) = 40
SINCE_SHIFT: constant(uint256) = 80

# By kind.
states: HashMap[uint256, uint256]
rises: HashMap[uint256, uint256]


@internal
def begin(entry: IRegistry.PriceEntry):
    """
    @notice Gives a kind its first price, with its bounds.
    """
    kind: uint256 = convert(entry.kind, uint256)
    price_gwei: uint256 = convert(entry.price_gwei, uint256)
    # A kind that has begun has the time of its beginning.
    assert self.rises[kind] == 0, "prices: kind twice"
    self.set_bounds(kind, convert(entry.low, uint256), convert(entry.high, uint256))
    self._check_within(kind, price_gwei)
    self._write(kind, price_gwei, price_gwei, block.timestamp)
    self.rises[kind] = price_gwei | (price_gwei << PEAK_SHIFT) | (block.timestamp << SINCE_SHIFT)


@internal
def change(kind: uint256, price_gwei: uint256) -> uint256:
    """
    @notice Sets a price within its bounds; replaces a rise that waits.
    @param price_gwei The new price.
    @return The time from which it counts, UNIX seconds.
    """
    self._check_kind(kind)
    self._check_within(kind, price_gwei)
    current: uint256 = self.price(kind)
    if price_gwei <= current:
        self._note(kind, current, current, block.timestamp)
        self._write(kind, price_gwei, price_gwei, block.timestamp)
        return block.timestamp
    counts_from: uint256 = block.timestamp + constants.FEE_NOTICE_SECONDS
    self._note(kind, price_gwei, current, counts_from)
    self._write(kind, current, price_gwei, counts_from)
    return counts_from


@internal
def set_bounds(kind: uint256, low: uint256, high: uint256):
    """
    @notice Sets the lowest and the highest price of a kind: both above 0, or both 0 for a door without a price.
    """
    self._check_kind(kind)
    assert low <= high, "prices: bounds out of order"
    # Twice nothing is nothing: from 0 the setter could never raise a price.
    assert (low == 0) == (high == 0), "prices: no lower bound"
    kept: uint256 = self.states[kind] & (2**LOW_SHIFT - 1)
    self.states[kind] = kept | (low << LOW_SHIFT) | (high << HIGH_SHIFT)


@internal
@view
def price(kind: uint256) -> uint256:
    """
    @notice What a caller pays now; 0 for a kind that has never had a price.
    """
    packed: uint256 = self.states[kind]
    price_gwei: uint256 = packed & MASK
    if block.timestamp >= (packed >> FROM_SHIFT) & MASK:
        price_gwei = (packed >> NEXT_SHIFT) & MASK
    return max((packed >> LOW_SHIFT) & MASK, min(price_gwei, (packed >> HIGH_SHIFT) & MASK))


@internal
@view
def state(kind: uint256) -> (uint256, uint256, uint256, uint256, uint256):
    """
    @notice The price until a time, the price from then on, that time (UNIX seconds), and the bounds.
    """
    packed: uint256 = self.states[kind]
    return (
        packed & MASK,
        (packed >> NEXT_SHIFT) & MASK,
        (packed >> FROM_SHIFT) & MASK,
        (packed >> LOW_SHIFT) & MASK,
        (packed >> HIGH_SHIFT) & MASK,
    )


@internal
@view
def ceiling(kind: uint256) -> uint256:
    """
    @notice The highest price that the setter may set now.
    """
    current: uint256 = self.price(kind)
    return max(current, min(2 * self._base(kind, current), self.states[kind] >> HIGH_SHIFT))


@internal
def _note(kind: uint256, price_gwei: uint256, current: uint256, counts_from: uint256):
    """
    @notice Reverts if a rise is too steep. What is in effect may be the day's peak; a rise above the peak begins the day
            anew when it counts.
    """
    rise: uint256 = self.rises[kind]
    since: uint256 = rise >> SINCE_SHIFT
    base: uint256 = self._base(kind, current)
    assert price_gwei <= max(2 * base, current), "prices: more than doubled"
    peak: uint256 = current
    if block.timestamp < since + constants.DAY:
        peak = max((rise >> PEAK_SHIFT) & MASK, current)
    if price_gwei > peak:
        since = counts_from
    self.rises[kind] = base | (peak << PEAK_SHIFT) | (since << SINCE_SHIFT)


@internal
@view
def _base(kind: uint256, current: uint256) -> uint256:
    """
    @notice The price that a rise is compared with.
    """
    rise: uint256 = self.rises[kind]
    if block.timestamp >= (rise >> SINCE_SHIFT) + constants.DAY:
        return current
    return rise & MASK


@internal
def _write(kind: uint256, now: uint256, later: uint256, counts_from: uint256):
    """
    @notice Writes prices; bounds stay.
    """
    kept: uint256 = (self.states[kind] >> LOW_SHIFT) << LOW_SHIFT
    self.states[kind] = kept | now | (later << NEXT_SHIFT) | (counts_from << FROM_SHIFT)


@internal
@pure
def _check_kind(kind: uint256):
    assert 0 < kind and kind < constants.PRICE_KINDS, "prices: unknown kind"


@internal
@view
def _check_within(kind: uint256, price_gwei: uint256):
    packed: uint256 = self.states[kind]
    is_within: bool = (packed >> LOW_SHIFT) & MASK <= price_gwei and price_gwei <= (packed >> HIGH_SHIFT) & MASK
    assert is_within, "prices: out of bounds"
