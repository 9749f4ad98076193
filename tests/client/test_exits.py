"""Leaving with the operator gone, as a program of an owner does it: chains behind addresses, and nothing else."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.client.test_accounts import Device
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture
from tests.scenarios.test_recovery import Ruin, ruin  # noqa: F401  # a fixture
from zklink import Wallet, exits
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import Exit
from zklink.l1.deployment.records import Deployment
from zklink.lab.rpc_http import serve_http
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.errors import DeploymentRefused, SignerUnfit
from zklink.recovery.exit_proofs import ExitOrder
from zklink.transition.exit import ExitStatement
from zklink.transition.exit_authority import compute_exit_inputs


def believe(statements: Sequence[ExitStatement], deployment: Deployment) -> list[ExitOrder]:
    """Exits with the one proof that the tests' exit verifier believes."""
    domain, orders = compute_exit_domain(deployment.deployment_hash), []
    for statement in statements:
        public = compute_exit_inputs(statement, None, domain)
        proof = (int.from_bytes(keccak_words(*public), "big"), *(0,) * 7)
        orders.append(ExitOrder.of(Exit(public.x0, public.recipient_lo, public.x1, proof)))
    return orders


@pytest.mark.slow
def test_exits__operator_gone__prepared_and_sent_from_the_chains_alone(ruin: Ruin, tmp_path: Path) -> None:  # noqa: F811
    system = ruin.pipeline.system
    wallet, said = Wallet.from_account(system.world.roles.provider), list[str]()
    path = tmp_path / "deployment.json"
    path.write_text(system.deployment.to_json())
    with system.world.isolated(), ExitStack() as opened:
        rpc = {chain.name: opened.enter_context(serve_http(chain)).url for chain in system.world}
        prepared = exits.prepare(path, rpc, wallet, believe)
        assert prepared.early == () and {order.chain for order in prepared.orders} == set(system.bridges)
        prepared.save(tmp_path / "exits.json")
        assert (tmp_path / "exits.json").stat().st_size > 0
        before = system.token(system.deployment.primary, USDC).balance(wallet.address)
        with pytest.raises(SignerUnfit, match="a key in this process"):
            exits.send(prepared, rpc, Wallet(Device(wallet.signer)))
        assert exits.send(prepared, rpc, wallet, said.append)
        assert system.token(system.deployment.primary, USDC).balance(wallet.address) > before
        assert exits.send(prepared, rpc, wallet, said.append)
        assert sum("has left already" in line for line in said) == len(prepared.orders)
    path.write_text(system.deployment.to_json().replace(system.deployment.deployment_hash.hex(), "11" * 32))
    with pytest.raises(DeploymentRefused):
        exits.prepare(path, {}, wallet, believe)
