"""What the steps of a block may cost, measured on a deployed system with real proofs."""

from zklink.devnet.world import World
from zklink.node.bench.gas import LIMITS, measure_gas
from zklink.protocol.presets import MINIMAL
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.source import Statement


def test_measure_gas__every_figure_with_a_limit__stays_below_it(world: World) -> None:
    provers = {each: Groth16pyProver(ensure_circuit(MINIMAL, statement=each)) for each in Statement}

    figures = measure_gas(world, MINIMAL, provers)

    assert {name: figures[name] for name, limit in LIMITS.items() if figures[name] >= limit} == {}
