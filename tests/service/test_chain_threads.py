"""The threads that read chains for an API: whatever a node answers, they go on."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from zklink.api.chain_reader import ChainReader
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import ChainId
from zklink.service.chain_threads import Pace, make_chain_threads


@pytest.mark.parametrize("error", [RpcUnavailable("bsc", "getBlockTime", 5, "null"), TypeError("null"), KeyError("x")])
def test_read__a_look_fails__chain_is_looked_at_again(error: Exception) -> None:
    looks, waits = list[int](), list[float]()

    def look() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise error

    reader = cast("ChainReader", SimpleNamespace(look=look))
    profile: Any = SimpleNamespace(name="bsc", block_time_seconds=4.0)
    readers = {ChainId(3): (profile, reader)}
    [thread] = make_chain_threads(readers, Pace(2.0, 7.0), lambda: len(looks) == 2, waits.append)
    thread.start()
    thread.join(10)
    assert not thread.is_alive() and (len(looks), waits) == (2, [7.0, 1.0])
