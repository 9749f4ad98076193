"""Whether chains can be as they are asked for.

Takes specs of any kind; gives nothing, or a sentence that says what would be right. Never opens a chain.
"""

from collections.abc import Sequence
from typing import Any

from zklink.lab.errors import SpecUnusable
from zklink.lab.kinds import EVM


def check_specs(specs: Sequence[Any]) -> None:
    """SpecUnusable. Two chains may have one id: one is then a copy of the other, where what is signed counts twice."""
    names = [spec.name for spec in specs]
    for spec in specs:
        if not spec.name:
            raise SpecUnusable(spec.name, "give it one, by which it is found")
        if names.count(spec.name) > 1:
            raise SpecUnusable(spec.name, "two chains have this name; each needs its own, by which it is found")
        if spec.kind == EVM and spec.evm_chain_id < 1:
            raise SpecUnusable(spec.name, f"the id of an EVM chain is at least 1, not {spec.evm_chain_id}")
        if not spec.block_time_seconds > 0:
            raise SpecUnusable(spec.name, f"a block takes more than no time, not {spec.block_time_seconds} seconds")
