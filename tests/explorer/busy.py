"""A scene in which everything that a page can show has happened."""

from dataclasses import dataclass, replace

from tests.api.scene import Scene
from tests.api.test_submissions import Owner
from tests.scenarios.pipeline import BSC, POLYGON, Pipeline
from zklink.devnet.tokens import BTC, USDC
from zklink.operations.requests import RequestKey

USD = 10**6
HOSTILE = "<script>alert('x')</script>"
"""A token's symbol, as a chain may have it."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The swaps of the scene by what became of them, the account that acts, and its operation and order."""

    scene: Scene
    arrived: RequestKey
    filled: RequestKey
    refunded: RequestKey
    waiting: RequestKey
    account: int
    owner: str
    operation: str
    order: str

    def tx_hash(self, key: RequestKey) -> str:
        return self.scene.tx_hash(key)

    def list_pages(self) -> list[str]:
        """An address for every page of the table, with things that are there."""
        return [
            "/",
            "/swap?from=2-1&to=3-5&amount=12",
            "/search",
            "/search?q=nothing",
            "/search?q=1",
            "/transfers",
            *(f"/transfers/{self.tx_hash(key)}" for key in (self.arrived, self.filled, self.refunded, self.waiting)),
            f"/requests/{self.arrived[0]}-{self.arrived[1]}",
            f"/addresses/{self.owner}",
            "/blocks",
            f"/blocks/{self.scene.pipeline.node.sequencer.height}",
            "/blocks/1",
            f"/accounts/{self.account}",
            f"/operations/{self.operation}",
            f"/operations/{self.order}",
            "/tokens",
            "/tokens/1",
            "/pools",
            "/chains",
            "/times",
            "/trust",
        ]


def name_hostile(scene: Scene) -> None:
    """From now on a token's symbol is a script."""
    sources = scene.sources
    tokens = [replace(plan, symbol=HOSTILE) if plan.token_id == USDC else plan for plan in sources.deployment.tokens]
    scene.sources = replace(sources, deployment=replace(sources.deployment, tokens=tuple(tokens)))


def play(scene: Scene) -> Busy:
    """Swaps of every kind, an operation and an order; the scene is up."""
    pipeline: Pipeline = scene.pipeline
    pipeline.approve_broker((POLYGON, USDC))
    owner = Owner(scene)
    _, submitted = owner.submit(owner.transfer())
    _, rested = owner.submit(owner.order((USDC, 100 * USD), (BTC, 10**6)))
    arrived = pipeline.swap(POLYGON, USDC, 1_000 * USD, (BSC, BTC))
    filled = pipeline.swap(BSC, USDC, 50 * USD, (POLYGON, USDC), fill_fee=USD)
    refunded = pipeline.swap(POLYGON, USDC, 100 * USD, (BSC, BTC), min_out=10**12)
    scene.read()
    scene.follow(scene.tx_hash(refunded), "refunded")
    scene.follow(scene.tx_hash(filled), "arrived")
    scene.follow(scene.tx_hash(arrived), "arrived")
    waiting = pipeline.swap(POLYGON, USDC, 12_345 * USD, (BSC, BTC))
    scene.read()
    universal = scene.get(f"/v1/accounts/{owner.account}")["owner"]
    return Busy(scene, arrived, filled, refunded, waiting, owner.account, universal, submitted["id"], rested["id"])
