"""The way out of each chain, by anybody, as long as what is needed can be read or is signed."""

from tests.support.ending import OTHER, K, P, Story
from zklink.devnet.system import LocalSystem


def test_run__nobody_answers__every_chain_ends_at_the_same_block(credulous: LocalSystem) -> None:
    scene = Story(credulous)
    scene.fund()
    scene.settle(scene.swap(K, OTHER))
    scene.settle(scene.swap(P, K))
    scene.deposit(K)
    scene.run_all()
    print("\n".join(scene.said))
    assert {scene.tip(chain) for chain in scene.system.bridges} == {4}
