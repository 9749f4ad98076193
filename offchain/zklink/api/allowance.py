"""What each caller may still ask: an allowance that every call costs something of and that comes back with time.

A token bucket per caller. Only so many callers are remembered; who has not called for longest is forgotten first, which
gives its full allowance back.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil

from zklink.protocol.errors import RequestRefused


class Allowances:
    """Buckets of `full` units, `per_second` of which come back. For one thread."""

    def __init__(self, full: int, per_second: int, callers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._full, self._per_second, self._callers, self._clock = full, per_second, callers, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, caller: str, cost: int) -> None:
        """Take `cost` from a caller's allowance. Raises RequestRefused, and takes nothing, if less is left."""
        now = self._clock()
        left, at = self._left.get(caller, (float(self._full), now))
        left = min(self._full, left + (now - at) * self._per_second)
        if left < cost:
            seconds = ceil((cost - left) / self._per_second)
            details = {"retry_after_seconds": str(seconds)}
            raise RequestRefused("too_many_requests", f"the allowance is used up; wait {seconds} s", details)
        self._left[caller] = left - cost, now
        self._left.move_to_end(caller)
        while len(self._left) > self._callers:
            self._left.popitem(last=False)


def name_caller(host: str | None) -> str:
    """Whose allowance an address uses: an IPv6 network of 64 bits counts as one caller."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)
