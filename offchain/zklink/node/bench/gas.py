"""Gas of every transaction, on in-process chains with real proofs: Polygon is measured, Avalanche is the primary.

Takes a world and the provers of all circuits, gives one figure per transaction kind. Costs per request and per payout
are slopes between a block with one and a block with several of them; everything else in a commit is its fixed part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.devnet.accounts import layer2_key
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import POL, USDC, USDT
from zklink.devnet.world import World
from zklink.l1.bridge import BridgeClient
from zklink.l1.events import DepositRequested, FullExitRequested, SwapRequested
from zklink.l1.receipts import Receipt
from zklink.l1.registries import sign_key_change
from zklink.l1.structs import DepositOrder, SwapOrder, universal_address
from zklink.node.bench.committee import tell
from zklink.node.bench.escape import measure_escape
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.payout import Payout
from zklink.operations.signed import Signable, sign
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.signing import compute_public_key_hash
from zklink.prover.port import Prover
from zklink.prover.source import Statement
from zklink.sequencer.calldata import encode_commit, encode_execute, encode_prove
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed import Parameters, SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.account_block import AccountBlock
from zklink.witness import account_block, swap_block

LIMITS: Final = {
    "commit, per request in the own slice": 5_000,
    "commit, per payout in the own slice": 2_500,
    "prove one block": 280_000,
    "prove, each further block in the same call": 75_000,
}
"""What these must stay below."""

_MANY: Final = 8
_AMOUNT: Final = Amount(5_000_000)  # five dollars
_DEPOSIT: Final = Amount(500_000_000)
_FILL_FEE: Final = Amount(1_000)
_FOREVER: Final = 2**40 - 1
_HOME = POLYGON.chain_id
_PRIMARY = AVALANCHE.chain_id
_OTHER = BSC.chain_id
_ETHEREUM = ETHEREUM.chain_id


@dataclass(slots=True)
class GasRun:
    """One run of the system, block by block."""

    system: LocalSystem
    provers: Mapping[Statement, Prover]
    figures: dict[str, int] = field(default_factory=dict)
    blocks: dict[str, SealedBlock] = field(default_factory=dict)
    sequencer: Sequencer = field(init=False)
    many: int = field(init=False)

    def __post_init__(self) -> None:
        deployment = self.system.deployment
        parameters = Parameters(
            deployment.preset, deployment.deployment_hash, deployment.primary, tuple(sorted(deployment.chains))
        )
        self.sequencer = Sequencer(parameters, deployment.genesis.state(), MemoryJournal())
        self.many = min(_MANY, deployment.preset.slots)

    def measure(self) -> dict[str, int]:
        """All figures, by name."""
        self._measure_deposits()
        self._measure_keys()
        self._seal_ways_out()
        self._measure_swaps()
        self._seal_swap_blocks()
        self._record_commits(self._commit(_HOME), self._commit(_PRIMARY))
        self._fill()
        self._prove()
        self.figures["receive_message, 2 of 3 signatures, accepts"] = tell(self.system, self.sequencer, _HOME, _PRIMARY)
        for source in (_OTHER, _ETHEREUM):
            self.figures["receive_message, 2 of 3 signatures"] = tell(self.system, self.sequencer, _HOME, source)
        self._execute()
        self._swap(_HOME, _OTHER, USDC, USDC)
        self._deposit(_HOME, USDC)
        self.figures |= measure_escape(self.system, self.sequencer, _HOME, self.provers[Statement.EXIT])
        return self.figures

    # -- the account lane ----------------------------------------------------------------------------------------

    def _measure_deposits(self) -> None:
        """The second deposit of each kind; they are the reserves that everything later is paid from."""
        places = self.system.deployment.preset.account.ledger
        for _ in range(2):
            erc20 = self._deposit(_HOME, USDC)
            native = self._deposit(_HOME, POL)
            permit = self._deposit(_HOME, USDC, with_permit=True)
        self.figures["deposit ERC-20"] = erc20.gas_used
        self.figures["deposit native coin"] = native.gas_used
        self.figures["deposit ERC-20 with permit"] = permit.gas_used
        self._deposit(_OTHER, USDC)
        while self.sequencer.has_waiting:
            self._seal()
        for name, count in (("one deposit", 1), ("many deposits", places)):
            for _ in range(count):
                self._deposit(_HOME, USDC)
            self.blocks[name] = self._seal()

    def _deposit(self, chain: ChainId, token_id: TokenId, *, with_permit: bool = False) -> Receipt:
        bridge, token = self.system.bridges[chain], self.system.token(chain, token_id)
        l1_amount = _DEPOSIT * bridge.tokens.token_scale(token_id) * (10**12 if token.is_native else 1)
        order = DepositOrder(token_id, l1_amount, self._owner)
        if with_permit:
            deadline = self.system.world[chain].client.head().timestamp + 3_600
            permit = token.sign_permit(self._depositor, bridge.address, l1_amount, deadline)
            receipt = bridge.deposit_with_permit(self._depositor, order, permit)
        else:
            if not token.is_native:
                token.approve(self._depositor, bridge.address, l1_amount)
            receipt = bridge.deposit(self._depositor, order, l1_amount if token.is_native else 0)
        self._take(bridge, receipt)
        return receipt

    def _measure_keys(self) -> None:
        """Two changes of key: one with a signature, one that the owner has recorded."""
        deployment_hash, key = self.system.deployment.deployment_hash, layer2_key(self._depositor)
        key_hash = compute_public_key_hash(key.public_key)
        consent = sign_key_change(self._depositor, deployment_hash, self._account, Nonce(0), key_hash)
        self._submit(ChangePubKey(self._account, Nonce(0), _FOREVER, key_hash, _HOME, Amount(0), USDC), consent)
        self.blocks["key change, signed"] = self._seal()
        registry = self.system.keys[_HOME]
        receipt = registry.authorise(self._depositor, deployment_hash, self._account, Nonce(1), key_hash)
        self.figures["authorise a key"] = receipt.gas_used
        self._submit(ChangePubKey(self._account, Nonce(1), _FOREVER, key_hash, _HOME, Amount(0), USDC))
        self.blocks["key change, recorded"] = self._seal()

    def _seal_ways_out(self) -> None:
        """A withdrawal that a broker fills, and a full exit of what is left of a token."""
        recipient = universal_address(self.system.world.roles.recipient.address)
        fast = Withdraw(self._account, Nonce(2), _FOREVER, USDC, _AMOUNT, Amount(0), _HOME, recipient, _FILL_FEE)
        self._submit(fast)
        self.blocks["filled withdrawal"] = self._seal()
        bridge = self.system.bridges[_HOME]
        for _ in range(2):
            receipt = bridge.full_exit(self._depositor, self._account, USDT)
            self._take(bridge, receipt)
            self.blocks["full exit"] = self._seal()
        self.figures["full_exit"] = receipt.gas_used

    def _submit(self, operation: Signable, consent: bytes = b"") -> None:
        domain = self.sequencer.parameters.domain(Lane.ACCOUNT)
        signed = sign(operation, domain, layer2_key(self._depositor))
        self.sequencer.submit(signed, self._now(), consent, is_recorded=not consent)

    # -- the swap lane -------------------------------------------------------------------------------------------

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
        l1_amount = _AMOUNT * bridge.tokens.token_scale(token_in) * (1 if token_in == USDC else 10**12)
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
        self._take(bridge, receipt)
        return receipt

    def _seal_swap_blocks(self) -> None:
        """A block per thing to measure."""
        for name, count in (("one request", 1), ("many requests", self.many)):
            for _ in range(count):
                self._swap(_HOME, _OTHER, USDC, USDC)
            self.blocks[name] = self._seal()
        for name, count in (("one payout", 1), ("many payouts", self.many)):
            for _ in range(count):
                self._swap(_OTHER, _HOME, USDC, USDC)
            self.blocks[name] = self._seal()
        for name, source, token, fee in (
            ("filled ERC-20", _OTHER, USDC, _FILL_FEE),
            ("filled native coin", _ETHEREUM, POL, _FILL_FEE),
            ("native coin", _ETHEREUM, POL, 0),
        ):
            self._swap(source, _HOME, token, token, fill_fee=fee)
            self.blocks[name] = self._seal()
        self._swap(_HOME, _OTHER, USDC, USDC, min_out=2 * _AMOUNT)
        self.blocks["refund"] = self._seal()

    # -- blocks --------------------------------------------------------------------------------------------------

    def _seal(self) -> SealedBlock:
        return self.sequencer.seal(self._now())

    def _now(self) -> int:
        return max(chain.client.head().timestamp for chain in self.system.world)

    def _take(self, bridge: BridgeClient, receipt: Receipt) -> None:
        for event in bridge.events_of(receipt):
            if isinstance(event, SwapRequested | DepositRequested | FullExitRequested):
                self.sequencer.add(event.request)

    def _commit(self, chain: ChainId) -> dict[str, int]:
        """One commit per block on a chain; gas by name. The committee speaks for the other chains."""
        names = {sealed.number: name for name, sealed in self.blocks.items()}
        gas: dict[str, int] = {}
        for sealed in self.sequencer.blocks(BlockNumber(0)):
            last = self.sequencer.stored(chain, BlockNumber(sealed.number - 1))
            call = encode_commit(sealed, chain, _PRIMARY)
            receipt = self.system.bridges[chain].commit_blocks(self._validator, last, [call])
            gas[names.get(sealed.number, "")] = receipt.gas_used
        return gas

    def _record_commits(self, gas: dict[str, int], primary: dict[str, int]) -> None:
        deposits = self.system.deployment.preset.account.ledger
        per_request = (gas["many requests"] - gas["one request"]) // (self.many - 1)
        per_payout = (gas["many payouts"] - gas["one payout"]) // (self.many - 1)
        per_deposit = (gas["many deposits"] - gas["one deposit"]) // (deposits - 1)
        per_word = (primary["many deposits"] - primary["one deposit"]) // (deposits - 1)
        self.figures |= {
            "commit, fixed part of a block": gas["one request"] - per_request,
            "commit, per request in the own slice": per_request,
            "commit, per payout in the own slice": per_payout,
            "commit, per deposit in the own slice": per_deposit,
            "commit, block with a key change and its signature": gas["key change, signed"],
            "commit, block with a recorded key change": gas["key change, recorded"],
            "commit, block with a withdrawal here": gas["filled withdrawal"],
            "commit, block with a full exit here": gas["full exit"],
            "commit, on the primary, per data word": per_word,
        }

    def _fill(self) -> None:
        for name, token_id in (("filled ERC-20", USDC), ("filled native coin", POL), ("filled withdrawal", USDC)):
            (payout,) = self.blocks[name].payouts(_HOME)
            self.figures[name.replace("filled", "fill")] = self._fill_one(payout, token_id).gas_used

    def _fill_one(self, payout: Payout, token_id: TokenId) -> Receipt:
        broker, bridge = self.system.world.roles.broker, self.system.bridges[_HOME]
        l1_net = (payout.amount - payout.fill_fee) * bridge.tokens.token_scale(token_id)
        token = self.system.token(_HOME, token_id)
        if not token.is_native:
            token.approve(broker, bridge.address, l1_net)
        return bridge.fill(broker, payout.words(), l1_net if token.is_native else 0)

    def _prove(self) -> None:
        """Of each lane's blocks one, then three in one call, then the rest."""
        bridge = self.system.bridges[_HOME]
        for lane in (Lane.ACCOUNT, Lane.SWAP):
            calls = [
                encode_prove(sealed, _HOME, self._prove_one(sealed))
                for sealed in self.sequencer.blocks(BlockNumber(0))
                if sealed.lane is lane
            ]
            one, three, _ = (
                bridge.prove_blocks(self._validator, part).gas_used for part in (calls[:1], calls[1:4], calls[4:])
            )
        self.figures["prove one block"] = one
        self.figures["prove, each further block in the same call"] = (three - one) // 2

    def _prove_one(self, sealed: SealedBlock) -> list[int]:
        block = sealed.block
        if isinstance(block, AccountBlock):
            return self.provers[Statement.ACCOUNT].prove(account_block.compute_inputs(block)).evm()
        return self.provers[Statement.SWAP].prove(swap_block.compute_inputs(block)).evm()

    def _execute(self) -> None:
        names = {sealed.number: name for name, sealed in self.blocks.items()}
        gas: dict[str, int] = {}
        for sealed in self.sequencer.blocks(BlockNumber(0)):
            call = encode_execute(sealed, _HOME)
            receipt = self.system.bridges[_HOME].execute_blocks(self._validator, [call])
            gas[names.get(sealed.number, "")] = receipt.gas_used
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
            ("filled withdrawal", "withdrawal repaid to its broker"),
            ("refund", "ERC-20 refund"),
            ("full exit", "full exit of nothing"),
        ):
            self.figures[f"execute, {label}"] = gas[name] - base

    @property
    def _validator(self) -> LocalAccount:
        return self.system.world.roles.validator

    @property
    def _depositor(self) -> LocalAccount:
        return self.system.world.roles.depositor

    @property
    def _owner(self) -> bytes:
        return universal_address(self._depositor.address)

    @property
    def _account(self) -> AccountId:
        return self.sequencer.state.accounts_of(self._owner)[0]


def measure_gas(world: World, preset: Preset, provers: Mapping[Statement, Prover]) -> dict[str, int]:
    """Deploy the system on `world` and measure. The world is not set back."""
    system = deploy_local_system(world, preset, primary=_PRIMARY)
    return GasRun(system, provers).measure()
