"""Gas of every transaction, on in-process chains with real proofs: Polygon is measured, Avalanche is the primary.

Takes a world and a prover, gives one figure per transaction kind. Costs per request and per payout are slopes between a
block with one and a block with several of them; everything else in a commit is its fixed part.
"""

from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import POL, USDC
from zklink.devnet.world import World
from zklink.l1.bridge import BridgeClient
from zklink.l1.events import SwapRequested
from zklink.l1.receipts import Receipt
from zklink.l1.structs import SwapOrder, universal_address
from zklink.operations.swap import SwapPayout
from zklink.protocol.ids import Amount, BlockNumber, ChainId, TokenId
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.protocol.presets import Preset
from zklink.prover.port import Prover
from zklink.sequencer.calldata import encode_commit, encode_execute, encode_prove
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed import Parameters, SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.witness.swap_block import compute_inputs

LIMITS: Final = {
    "commit, per request in the own slice": 5_000,
    "commit, per payout in the own slice": 2_500,
    "prove one block": 280_000,
    "prove, each further block in the same call": 75_000,
}
"""What these must stay below."""

_MANY: Final = 8
_AMOUNT: Final = Amount(5_000_000)  # five dollars
_FILL_FEE: Final = Amount(1_000)
_HOME = POLYGON.chain_id
_PRIMARY = AVALANCHE.chain_id
_OTHER = BSC.chain_id


@dataclass(slots=True)
class GasRun:
    """One run of the system, block by block."""

    system: LocalSystem
    prover: Prover
    figures: dict[str, int] = field(default_factory=dict)
    sequencer: Sequencer = field(init=False)
    many: int = field(init=False)

    def __post_init__(self) -> None:
        deployment = self.system.deployment
        parameters = Parameters(
            deployment.preset, deployment.deployment_hash, deployment.primary, tuple(sorted(deployment.chains))
        )
        genesis = deployment.genesis.state(deployment.preset)
        self.sequencer = Sequencer(parameters, genesis, MemoryJournal())
        self.many = min(_MANY, deployment.preset.slots)

    def measure(self) -> dict[str, int]:
        """All figures, by name."""
        self._measure_swaps()
        blocks = self._seal_blocks()
        commits = self._commit(blocks)
        self._record_commits(commits)
        self._fill(blocks)
        self._prove()
        self._announce()
        self._execute(blocks)
        return self.figures

    # -- users ---------------------------------------------------------------------------------------------------

    def _measure_swaps(self) -> None:
        """The second swap of each kind: the first pays for storage that every later one finds."""
        for _ in range(2):
            erc20 = self._swap(_HOME, _OTHER, USDC, USDC)
            native = self._swap(_HOME, _OTHER, POL, USDC)
            permit = self._swap(_HOME, _OTHER, USDC, USDC, with_permit=True)
        self.figures["swap ERC-20"] = erc20.gas_used
        self.figures["swap native coin"] = native.gas_used
        self.figures["swap ERC-20 with permit"] = permit.gas_used
        while self.sequencer.has_waiting:
            self._seal()

    def _swap(
        self,
        source: ChainId,
        destination: ChainId,
        token_in: TokenId,
        token_out: TokenId,
        *,
        min_out: int = 1,
        fill_fee: int = 0,
        with_permit: bool = False,
    ) -> Receipt:
        chain, bridge = self.system.world[source], self.system.bridges[source]
        roles, token = self.system.world.roles, self.system.token(source, token_in)
        l1_amount = _AMOUNT * bridge.token_scale(token_in) * (10**12 if token.is_native else 1)
        deadline = chain.client.head().timestamp + 3_600
        order = SwapOrder(
            token_in,
            l1_amount,
            destination,
            token_out,
            Amount(min_out),
            Amount(1_000),
            Amount(fill_fee),
            universal_address(roles.recipient.address),
            deadline,
        )
        if with_permit:
            permit = token.sign_permit(roles.depositor, bridge.address, l1_amount, deadline)
            receipt = bridge.swap_with_permit(roles.depositor, order, permit)
        else:
            if not token.is_native:
                token.approve(roles.depositor, bridge.address, l1_amount)
            receipt = bridge.swap(roles.depositor, order, l1_amount if token.is_native else 0)
        for event in bridge.events_of(receipt):
            if isinstance(event, SwapRequested):
                self.sequencer.add(event.request)
        return receipt

    # -- blocks --------------------------------------------------------------------------------------------------

    def _seal(self) -> SealedBlock:
        now = max(chain.client.head().timestamp for chain in self.system.world)
        return self.sequencer.seal(now)

    def _seal_blocks(self) -> dict[str, SealedBlock]:
        """A block per thing to measure."""
        blocks: dict[str, SealedBlock] = {}
        for name, count in (("one request", 1), ("many requests", self.many)):
            for _ in range(count):
                self._swap(_HOME, _OTHER, USDC, USDC)
            blocks[name] = self._seal()
        for name, count in (("one payout", 1), ("many payouts", self.many)):
            for _ in range(count):
                self._swap(_OTHER, _HOME, USDC, USDC)
            blocks[name] = self._seal()
        for name, token, fee in (
            ("filled ERC-20", USDC, _FILL_FEE),
            ("filled native coin", POL, _FILL_FEE),
            ("native coin", POL, 0),
        ):
            self._swap(_OTHER, _HOME, USDC, token, fill_fee=fee)
            blocks[name] = self._seal()
        self._swap(_HOME, _OTHER, USDC, USDC, min_out=2 * _AMOUNT)
        blocks["refund"] = self._seal()
        return blocks

    def _commit(self, blocks: dict[str, SealedBlock]) -> dict[str, int]:
        """One commit per block on the measured chain; gas by name. The committee speaks for the other chains."""
        names = {sealed.number: name for name, sealed in blocks.items()}
        gas: dict[str, int] = {}
        for sealed in self.sequencer.blocks(BlockNumber(0)):
            last = self.sequencer.stored(_HOME, BlockNumber(sealed.number - 1))
            receipt = self._bridge.commit_blocks(self._validator, last, [encode_commit(sealed, _HOME)])
            if sealed.number in names:
                gas[names[sealed.number]] = receipt.gas_used
        return gas

    def _record_commits(self, gas: dict[str, int]) -> None:
        per_request = (gas["many requests"] - gas["one request"]) // (self.many - 1)
        per_payout = (gas["many payouts"] - gas["one payout"]) // (self.many - 1)
        self.figures["commit, fixed part of a block"] = gas["one request"] - per_request
        self.figures["commit, per request in the own slice"] = per_request
        self.figures["commit, per payout in the own slice"] = per_payout

    def _fill(self, blocks: dict[str, SealedBlock]) -> None:
        roles, bridge = self.system.world.roles, self._bridge
        for name, token_id in (("filled ERC-20", USDC), ("filled native coin", POL)):
            payout = self._payout(blocks[name])
            l1_net = (payout.amount - payout.fill_fee) * bridge.token_scale(token_id)
            token = self.system.token(_HOME, token_id)
            if not token.is_native:
                token.approve(roles.broker, bridge.address, l1_net)
            receipt = bridge.fill(roles.broker, payout.words(), l1_net if token.is_native else 0)
            self.figures[name.replace("filled", "fill")] = receipt.gas_used

    def _prove(self) -> None:
        """One block, then three in one call, then the rest."""
        calls = [
            encode_prove(sealed, _HOME, self.prover.prove(compute_inputs(sealed.block)).evm())
            for sealed in self.sequencer.blocks(BlockNumber(0))
        ]
        one, three, _ = (
            self._bridge.prove_blocks(self._validator, part).gas_used for part in (calls[:1], calls[1:4], calls[4:])
        )
        self.figures["prove one block"] = one
        self.figures["prove, each further block in the same call"] = (three - one) // 2

    def _announce(self) -> None:
        self.figures["receive_message, 2 of 3 signatures, accepts"] = self._tell(_PRIMARY).gas_used
        self.figures["receive_message, 2 of 3 signatures"] = self._tell(_OTHER).gas_used

    def _tell(self, source: ChainId) -> Receipt:
        roles, deployment = self.system.world.roles, self.system.deployment
        number = self.sequencer.height
        message = SyncMessage(source, number, self.sequencer.stored(source, number).sync_hash)
        digest = Hash32(compute_digest(message, deployment.deployment_hash))
        members = roles.committee[: deployment.threshold]
        evidence = b"".join(bytes(member.unsafe_sign_hash(digest).signature) for member in members)
        return self._bridge.receive_message(roles.relayer, message, evidence)

    def _execute(self, blocks: dict[str, SealedBlock]) -> None:
        names = {sealed.number: name for name, sealed in blocks.items()}
        gas: dict[str, int] = {}
        for sealed in self.sequencer.blocks(BlockNumber(0)):
            call = encode_execute(sealed, _HOME)
            receipt = self._bridge.execute_blocks(self._validator, [call])
            gas[names.get(sealed.number, "first")] = receipt.gas_used
        base = gas["many requests"]
        self.figures["execute, block without payouts here"] = base
        self.figures["execute, each further ERC-20 payout"] = (gas["many payouts"] - gas["one payout"]) // (
            self.many - 1
        )
        for name, label in (
            ("one payout", "ERC-20 payout"),
            ("native coin", "native payout"),
            ("filled ERC-20", "ERC-20 payout repaid to its broker"),
            ("filled native coin", "native payout repaid to its broker"),
            ("refund", "ERC-20 refund"),
        ):
            self.figures[f"execute, {label}"] = gas[name] - base

    @property
    def _bridge(self) -> BridgeClient:
        return self.system.bridges[_HOME]

    @property
    def _validator(self) -> LocalAccount:
        return self.system.world.roles.validator

    @staticmethod
    def _payout(sealed: SealedBlock) -> SwapPayout:
        (payout,) = sealed.payouts(_HOME)
        return payout


def measure_gas(world: World, preset: Preset, prover: Prover) -> dict[str, int]:
    """Deploy the system on `world` and measure. The world is not set back."""
    system = deploy_local_system(world, preset, primary=_PRIMARY)
    return GasRun(system, prover).measure()
