"""Both lanes with real proofs on the verifiers of a deployment: one node, both circuits, nothing believed."""

from tests.scenarios.liquidity import FOREVER
from tests.scenarios.pipeline import AVALANCHE, BSC, POLYGON, Pipeline
from zklink.devnet.roles import layer2_key
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.registries import sign_key_change
from zklink.node.events import BlockProven
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import Amount, Lane, Nonce
from zklink.protocol.presets import MINIMAL
from zklink.protocol.signing import compute_public_key_hash
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.source import Statement
from zklink.service.adapters import CircuitProver

USD = 10**6
FEE = Amount(USD // 10)
CIRCUITS = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}


def test_pipeline__both_lanes_with_real_proofs__executed_on_every_chain(session_system: LocalSystem) -> None:
    provers = {lane: open_prover(ensure_circuit(MINIMAL, statement=each)) for lane, each in CIRCUITS.items()}
    with session_system.world.isolated():
        pipeline = Pipeline(session_system, CircuitProver(provers))
        roles, sequencer = session_system.world.roles, pipeline.node.sequencer
        recipient, owner = universal_address(roles.recipient.address), universal_address(roles.depositor.address)
        before = pipeline.balance(roles.recipient, BSC, USDC)
        for chain in (POLYGON, BSC):
            pipeline.deposit(chain, USDC, 100 * USD, roles.depositor)
        pipeline.run_until(lambda: bool(sequencer.state.accounts_of(owner)) and not sequencer.has_waiting)
        account, key = pipeline.account(roles.depositor), layer2_key(roles.depositor)
        key_hash = compute_public_key_hash(key.public_key)
        consent = sign_key_change(
            roles.depositor, session_system.deployment.deployment_hash, account, Nonce(0), key_hash, FOREVER
        )
        pipeline.submit(ChangePubKey(account, Nonce(0), FOREVER, key_hash, AVALANCHE, FEE, USDC), key, consent)
        pipeline.run_until(lambda: sequencer.state.account(account).public_key_hash == key_hash)
        pipeline.submit(Transfer(account, Nonce(1), FOREVER, USDC, Amount(30 * USD), FEE, recipient), key)
        fast = Withdraw(account, Nonce(2), FOREVER, USDC, Amount(20 * USD), FEE, BSC, recipient, Amount(0))
        pipeline.submit(fast, key)
        pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
        pipeline.finish(1)
        assert pipeline.balance(roles.recipient, BSC, USDC) - before == 30 * 10**18
        assert {sequencer.block(event.number).lane for event in pipeline.events(BlockProven)} == set(Lane)
        assert all(event.proof_seconds > 0 for event in pipeline.events(BlockProven))
        session_system.world.advance_time(pipeline.config.heartbeat_seconds)
        height = sequencer.height
        pipeline.run_until(lambda: sequencer.height > height)  # an empty block, which is proven like any other
        pipeline.finish(1)
        assert sequencer.block(sequencer.height).items == ()
        assert pipeline.retries() == []
        pipeline.check_books()
        pipeline.node.close()
