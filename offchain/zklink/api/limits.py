"""What callers may ask of a server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller may ask of this server. `allowance` is the cost that a caller may spend at once, and
    `allowance_per_second` what comes back; sizes are bytes, times seconds.
    """

    body_bytes: int = 64 * 1024
    depth: int = 16
    batch: int = 20
    allowance: int = 200
    allowance_per_second: int = 50
    callers: int = 10_000
    requests_at_once: int = 200
    connections: int = 1_000
    connections_per_caller: int = 100
    sockets: int = 200
    sockets_per_caller: int = 10
    subscriptions: int = 20
    events_waiting: int = 256
    arrive_seconds: float = 10.0
    answer_seconds: float = 10.0
