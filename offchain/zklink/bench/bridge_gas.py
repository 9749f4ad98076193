"""Gas of every transaction, on in-process chains that check every proof: Polygon is measured, Avalanche the primary.

Takes a world and the provers of all circuits, gives one figure per transaction kind. Costs per request and per payout
are slopes between a block with one and a block with several of them; everything else in a commit is its fixed part.
Never skips a proof: its verifiers check every one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.bench.committee_gas import deliver_message
from zklink.bench.exodus_gas import measure_escape
from zklink.bench.registry_gas import measure_creations, measure_reads, measure_registries
from zklink.bench.request_gas import AMOUNT, Requests
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.roles import layer2_key
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import POL, USDC, USDT
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.registries import sign_key_change
from zklink.l1.deployment.records import Verifiers
from zklink.l1.transport.client import encode_call
from zklink.l1.transport.receipts import Receipt
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.payout import Payout
from zklink.operations.signed import Signable, sign
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, TokenId
from zklink.protocol.presets import Preset
from zklink.protocol.signing import compute_public_key_hash
from zklink.prover.port import Prover
from zklink.prover.source import Statement
from zklink.sequencer.bridge_calls import encode_commit, encode_execute, encode_prove
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import Parameters, SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.witness.block_inputs import compute_block_inputs

LIMITS: Final = {
    "commit, per request in the own slice": 5_000,
    "commit, per payout in the own slice": 2_500,
    "prove one block": 280_000,
    "prove, each further block in the same call": 75_000,
}
"""The gas below which these transactions must stay."""

_MANY: Final = 8
_FILL_FEE: Final = Amount(1_000)
_FOREVER: Final = 2**40 - 1
_HOME = POLYGON.chain_id
_PRIMARY = AVALANCHE.chain_id
_OTHER = BSC.chain_id
_ETHEREUM = ETHEREUM.chain_id
_REFUSE: Final = 1
"""The mode of the test recipient in which it refuses payments."""


@dataclass(slots=True)
class GasRun:
    """One run of the system, block by block."""

    system: LocalSystem
    provers: Mapping[Statement, Prover]
    figures: dict[str, int] = field(default_factory=dict)
    blocks: dict[str, SealedBlock] = field(default_factory=dict)
    proofs: dict[BlockNumber, list[int]] = field(default_factory=dict)
    sequencer: Sequencer = field(init=False)
    requests: Requests = field(init=False)
    many: int = field(init=False)
    refuser: str = field(init=False)

    def __post_init__(self) -> None:
        deployment = self.system.deployment
        parameters = Parameters(
            deployment.preset, deployment.deployment_hash, deployment.primary, tuple(sorted(deployment.chains))
        )
        self.sequencer = Sequencer(parameters, deployment.genesis.state(), MemoryJournal())
        self.requests = Requests(self.system, self.sequencer)
        self.many = min(_MANY, deployment.preset.slots)

    def measure(self) -> dict[str, int]:
        """All figures, by name."""
        self._measure_deposits()
        self._measure_keys()
        self._seal_ways_out()
        self._measure_swaps()
        self._seal_swap_blocks()
        self._record_commits(self._commit(_HOME), self._commit(_PRIMARY))
        self._revert()
        self._fill()
        self.figures["receive_message, before the blocks are proven"] = self._tell(_OTHER)
        self._prove()
        self.figures["receive_message, 2 of 3 signatures, accepts"] = self._tell(_PRIMARY)
        self.figures["receive_message, 2 of 3 signatures"] = self._tell(_ETHEREUM)
        applied = self.system.bridges[_HOME].apply_message(self._validator, _OTHER, self.sequencer.height)
        self.figures["apply_message"] = applied.gas_used
        self._execute()
        self._pull()
        self.requests.swap(_HOME, _OTHER, USDC, USDC)
        self.requests.deposit(_HOME, USDC)
        self.figures |= measure_registries(self.system, _HOME) | measure_creations(self.system, _HOME)
        self.figures |= measure_reads(self.system, _HOME)
        self.figures |= measure_escape(self.system, self.sequencer, _HOME, self.provers[Statement.EXIT])
        return self.figures

    def _tell(self, source: ChainId) -> int:
        return deliver_message(self.system, self.sequencer, _HOME, source)

    # -- the account lane ----------------------------------------------------------------------------------------

    def _measure_deposits(self) -> None:
        """Measure the second deposit of each kind; all later payments come from these reserves."""
        places = self.system.deployment.preset.account.ledger
        for _ in range(2):
            erc20 = self.requests.deposit(_HOME, USDC)
            native = self.requests.deposit(_HOME, POL)
            permit = self.requests.deposit(_HOME, USDC, with_permit=True)
        self.figures["deposit ERC-20"] = erc20.gas_used
        self.figures["deposit native coin"] = native.gas_used
        self.figures["deposit ERC-20 with permit"] = permit.gas_used
        self.requests.deposit(_OTHER, USDC)
        while self.sequencer.has_waiting:
            self._seal()
        for name, count in (("one deposit", 1), ("many deposits", places)):
            for _ in range(count):
                self.requests.deposit(_HOME, USDC)
            self.blocks[name] = self._seal()

    def _measure_keys(self) -> None:
        """Measure two changes of key: one with a signature, one that the owner has recorded."""
        deployment_hash, key = self.system.deployment.deployment_hash, layer2_key(self._depositor)
        key_hash = compute_public_key_hash(key.public_key)
        consent = sign_key_change(self._depositor, deployment_hash, self._account, Nonce(0), key_hash, _FOREVER)
        self._submit(ChangePubKey(self._account, Nonce(0), _FOREVER, key_hash, _HOME, Amount(0), USDC), consent)
        self.blocks["key change, signed"] = self._seal()
        registry = self.system.keys[_HOME]
        receipt = registry.authorise(self._depositor, deployment_hash, self._account, Nonce(1), key_hash)
        self.figures["authorise a key"] = receipt.gas_used
        self._submit(ChangePubKey(self._account, Nonce(1), _FOREVER, key_hash, _HOME, Amount(0), USDC))
        self.blocks["key change, recorded"] = self._seal()

    def _seal_ways_out(self) -> None:
        """Seal a withdrawal that a broker fills, and a full exit of a token's remaining balance."""
        recipient = universal_address(self.system.world.roles.recipient.address)
        fast = Withdraw(self._account, Nonce(2), _FOREVER, USDC, AMOUNT, Amount(0), _HOME, recipient, _FILL_FEE)
        self._submit(fast)
        self.blocks["filled withdrawal"] = self._seal()
        for _ in range(2):
            receipt = self.requests.full_exit(_HOME, self._account, USDT)
            self.blocks["full exit"] = self._seal()
        self.figures["full_exit"] = receipt.gas_used

    def _submit(self, operation: Signable, consent: bytes = b"") -> None:
        domain = self.sequencer.parameters.domain(Lane.ACCOUNT)
        signed = sign(operation, domain, layer2_key(self._depositor))
        question = self.sequencer.submit(signed, self._now(), consent).question
        if question is not None:
            self.sequencer.answer(question, True, self._now())

    # -- the swap lane -------------------------------------------------------------------------------------------

    def _measure_swaps(self) -> None:
        """Measure the second swap of each kind: the first pays for storage that every later one finds."""
        for _ in range(2):
            erc20 = self.requests.swap(_HOME, _OTHER, USDC, USDC)
            native = self.requests.swap(_HOME, _OTHER, POL, USDC)
            permit = self.requests.swap(_HOME, _OTHER, USDC, USDC, with_permit=True)
        self.figures["swap ERC-20"] = erc20.gas_used
        self.figures["swap native coin"] = native.gas_used
        self.figures["swap ERC-20 with permit"] = permit.gas_used
        while self.sequencer.has_waiting:
            self._seal()

    def _seal_swap_blocks(self) -> None:
        """A block per thing to measure."""
        for name, count in (("one request", 1), ("many requests", self.many)):
            for _ in range(count):
                self.requests.swap(_HOME, _OTHER, USDC, USDC)
            self.blocks[name] = self._seal()
        for name, count in (("one payout", 1), ("many payouts", self.many)):
            for _ in range(count):
                self.requests.swap(_OTHER, _HOME, USDC, USDC)
            self.blocks[name] = self._seal()
        for name, source, token, fee in (
            ("filled ERC-20", _OTHER, USDC, _FILL_FEE),
            ("filled native coin", _ETHEREUM, POL, _FILL_FEE),
            ("native coin", _ETHEREUM, POL, 0),
        ):
            self.requests.swap(source, _HOME, token, token, fill_fee=fee)
            self.blocks[name] = self._seal()
        client = self.system.world[_HOME].client
        self.refuser = client.deploy(self._depositor, load_contract("AdversarialRecipient"))
        self._command("set_mode", _REFUSE)
        self.requests.swap(_ETHEREUM, _HOME, POL, POL, recipient=self.refuser)
        self.blocks["refused"] = self._seal()
        self.requests.swap(_HOME, _OTHER, USDC, USDC, min_out=2 * AMOUNT)
        self.blocks["refund"] = self._seal()

    def _command(self, function: str, *arguments: object) -> int:
        """Call a function of the recipient that refuses payments."""
        client = self.system.world[_HOME].client
        contract = client.contract(self.refuser, load_contract("AdversarialRecipient"))
        return client.send(self._depositor, encode_call(contract, function, *arguments)).gas_used

    # -- blocks --------------------------------------------------------------------------------------------------

    def _seal(self) -> SealedBlock:
        return self.sequencer.seal(self._now())

    def _now(self) -> int:
        return max(chain.client.head().timestamp for chain in self.system.world)

    def _commit(self, chain: ChainId) -> dict[str, int]:
        """One commit per block on a chain; gas by name. The committee's messages stand for the other chains."""
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

    def _revert(self) -> None:
        """Measure a revert: the home chain drops the last block and gets it again."""
        bridge, (last,) = self.system.bridges[_HOME], self.sequencer.blocks(BlockNumber(self.sequencer.height - 1))
        before = self.sequencer.stored(_HOME, BlockNumber(last.number - 1))
        self.figures["revert_blocks"] = bridge.revert_blocks(self._validator, before).gas_used
        bridge.commit_blocks(self._validator, before, [encode_commit(last, _HOME, _PRIMARY)])

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
        """Of each lane's blocks one, then three in one call, then the rest; on the primary, which accepts them, all."""
        for lane in (Lane.ACCOUNT, Lane.SWAP):
            blocks = [sealed for sealed in self.sequencer.blocks(BlockNumber(0)) if sealed.lane is lane]
            self.proofs |= {sealed.number: self._prove_one(sealed) for sealed in blocks}
            for chain in (_PRIMARY, _HOME):
                calls = [encode_prove(sealed, chain, self.proofs[sealed.number]) for sealed in blocks]
                bridge = self.system.bridges[chain]
                one, three, _ = (
                    bridge.prove_blocks(self._validator, part).gas_used for part in (calls[:1], calls[1:4], calls[4:])
                )
        self.figures["prove one block"] = one
        self.figures["prove, each further block in the same call"] = (three - one) // 2

    def _prove_one(self, sealed: SealedBlock) -> list[int]:
        statement = Statement.ACCOUNT if sealed.lane is Lane.ACCOUNT else Statement.SWAP
        return self.provers[statement].prove(compute_block_inputs(sealed.block)).evm()

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
            ("refused", "payout that its recipient refuses"),
        ):
            self.figures[f"execute, {label}"] = gas[name] - base

    def _pull(self) -> None:
        """Measure a pull: the recipient that refused the payout takes it later."""
        self._command("set_mode", 0)
        bridge = self.system.bridges[_HOME]
        call = bridge.encode("withdraw_pending_balance", POL, self._depositor.address)
        self.figures["withdraw_pending_balance, native coin, through a contract"] = self._command(
            "act", bridge.address, call.data
        )

    @property
    def _validator(self) -> LocalAccount:
        return self.system.world.roles.validator

    @property
    def _depositor(self) -> LocalAccount:
        return self.system.world.roles.depositor

    @property
    def _account(self) -> AccountId:
        return self.sequencer.state.accounts_of(self.requests.owner)[0]


def measure_gas(
    world: World, preset: Preset, provers: Mapping[Statement, Prover], verifiers: Verifiers | None = None
) -> dict[str, int]:
    """Deploy the system, with the preset's own verifiers or others, and measure. The world is not set back."""
    system = deploy_local_system(world, preset, primary=_PRIMARY, verifiers=verifiers)
    return GasRun(system, provers).measure()
