"""Gas of the transactions of each test on revm, gathered while tests run.

Takes blocks as chains make them; gives tables, by test and by function. A block that a reorganisation takes away
counts, too: it was paid for.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median_low

from zklink.lab.contracts import list_functions
from zklink.lab.revm.blocks import Block


@dataclass(slots=True)
class GasTable:
    """What was paid. `test` is the one that runs; between tests nothing is counted."""

    test: str = ""
    by_test: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_call: dict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))

    def see(self, block: Block) -> None:
        """Count a block's transactions."""
        if not self.test:
            return
        for receipt in block.receipts:
            sent = receipt.transaction
            self.by_test[self.test].append(receipt.gas_used)
            self.by_call[sent.data[:4] if sent.to is not None else b""].append(receipt.gas_used)

    def figures(self) -> dict[str, int]:
        """Gas of each test."""
        return {test: sum(paid) for test, paid in self.by_test.items()}

    def functions(self) -> dict[str, int]:
        """The most that each function cost, by its name; creations are left out."""
        names = list_functions()
        paid = {names.get(key, f"0x{key.hex()}"): max(gas) for key, gas in self.by_call.items() if key}
        return dict(sorted(paid.items()))

    def render(self) -> Iterator[str]:
        """The tables' lines."""
        yield f"{'transactions':>12} {'gas':>12} {'dearest':>10}  test"
        for test, paid in sorted(self.by_test.items()):
            yield f"{len(paid):>12} {sum(paid):>12,} {max(paid):>10,}  {test}"
        yield ""
        yield f"{'transactions':>12} {'least':>12} {'median':>10} {'most':>10}  function"
        names = list_functions()
        for selector, paid in sorted(self.by_call.items(), key=lambda entry: -max(entry[1])):
            name = names.get(selector, f"0x{selector.hex()}") if selector else "a contract's creation"
            yield f"{len(paid):>12} {min(paid):>12,} {median_low(paid):>10,} {max(paid):>10,}  {name}"
