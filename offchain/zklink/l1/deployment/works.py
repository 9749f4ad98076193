"""Builds a deployment on its chains, step by step, and goes on wherever it was stopped.

Takes a blueprint, a client per chain that keeps its transactions in the journal, and the deployer; leaves contracts,
tokens and owners as planned. A step counts as done if the chain shows it: the contract at its address, the token in its
registry, the owner in its timelock. So nothing is done twice, however often this is killed and started again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.governed import TIMELOCK, act_at_once
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.blueprint import BESIDE, PARTNERS, Blueprint, Creation
from zklink.l1.deployment.deploy import Report, is_as_planned
from zklink.l1.deployment.journal import Begun, Done, Journal
from zklink.l1.deployment.lookups import count_with_waiting, find_receipt
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.client import Call, ChainClient, Request, check_receipts, encode_call, encode_creation
from zklink.l1.transport.impersonation import find_true_hash
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import CodeUnexpected, DeploymentRefused, NonceSpent
from zklink.protocol.ids import ChainId

OWNER_STEP: Final = "owner"
FOUNDING_STEP: Final = "founding"


def hash_plan(blueprint: Blueprint, governor: str) -> str:
    """What identifies a plan: all init codes, tokens, programs with their terms, and the governor."""
    parts = [creation.init_code for k in blueprint.profiles for creation in blueprint.creations(k)]
    parts += [repr(token).encode() for token in blueprint.plan.tokens]
    parts += [repr(item).encode() for each in (blueprint.plan.programs, blueprint.plan.terms) for item in each.items()]
    return f"0x{keccak(b''.join(map(keccak, [*parts, governor.lower().encode()]))).hex()}"


def begin(journal: Journal, blueprint: Blueprint, governor: str) -> None:
    """Fix in the journal what is built. Raises JournalUnfit if it is of something else."""
    journal.begin(Begun(blueprint.deployer, dict(blueprint.nonces), hash_plan(blueprint, governor)))


@dataclass(slots=True)
class Works:
    """One run. `governor` will own the timelocks; until it accepts, the deployer does. Raises NonceSpent,
    CodeUnexpected and the errors of `ChainClient.send`; after any of them the same run can be started again.
    """

    blueprint: Blueprint
    clients: Mapping[ChainId, ChainClient]
    deployer: LocalAccount
    governor: str
    journal: Journal
    report: Report = lambda chain, step: None

    def run(self) -> None:
        """All that is not done yet."""
        begin(self.journal, self.blueprint, self.governor)
        for names in (self.blueprint.helpers, PARTNERS + BESIDE):
            for k in self.clients:
                for name in names:
                    self._create(self.blueprint.creation(k, name))
        for step in (self._register_tokens, self._check_tokens, self._name_owner, self._close_founding):
            for k in self.clients:
                step(k)
        for k in self.clients:  # a block that was rewritten since is not the one that was noted
            for creation in self.blueprint.creations(k):
                self._recognise(creation)

    def _create(self, creation: Creation) -> None:
        k, client = creation.chain_id, self.clients[creation.chain_id]
        if client.nonce(self.deployer.address) > creation.nonce:
            self._recognise(creation)
            return
        self._check_nonce(creation)
        init_code_hash = keccak(creation.init_code)
        self.journal.intend(k, creation.name, creation.nonce, self.deployer.address, init_code_hash)
        self.report(client.profile.name, creation.artifact.name)
        receipt = client.send(self.deployer, encode_creation(creation.artifact, *creation.arguments))
        if to_checksum_address(receipt.contract_address or creation.address) != creation.address:
            raise self._spent(creation, "was used while the contract was on its way")
        self._finish(k, creation.name, receipt, creation.address)

    def _recognise(self, creation: Creation) -> None:
        """The nonce is used: by this contract, or never by it."""
        k, client = creation.chain_id, self.clients[creation.chain_id]
        code = client.code(creation.address)
        if not code:
            raise self._spent(creation, "is used by another transaction")
        if not code.startswith(creation.artifact.runtime_bytecode):
            raise CodeUnexpected(client.profile.name, creation.artifact.name, creation.address)
        receipt = self._find_receipt(k, creation.nonce)
        if receipt is not None or (k, creation.name) not in self.journal.done:
            self._finish(k, creation.name, receipt, creation.address)

    def _check_nonce(self, creation: Creation) -> None:
        """Nothing else waits for a block with this nonce."""
        k, client = creation.chain_id, self.clients[creation.chain_id]
        if self.journal.sent(k, creation.nonce):
            return
        if count_with_waiting(client, self.deployer.address) > creation.nonce:
            raise self._spent(creation, "is that of another transaction, which waits in the node's pool")

    def _register_tokens(self, chain_id: ChainId) -> None:
        """All tokens of the plan that are not registered, at once: on a slow chain they share a block."""
        client, registry = self.clients[chain_id], self._registry(chain_id)
        missing = [t for t in self.blueprint.plan.tokens if not registry.token_config(t.token_id).chains]
        calls = [self._as_governor(chain_id, self._encode_token(registry, chain_id, token)) for token in missing]
        nonce = client.nonce(self.deployer.address)
        for i, (token, call) in enumerate(zip(missing, calls, strict=True)):
            self.journal.intend(chain_id, name_token_step(token), nonce + i, self.deployer.address, keccak(call.data))
            self.report(client.profile.name, f"token {token.symbol}")
        receipts = check_receipts(client.send_all(self.deployer, [Request(call) for call in calls]))
        for token, receipt in zip(missing, receipts, strict=True):
            self._finish(chain_id, name_token_step(token), receipt)

    def _check_tokens(self, chain_id: ChainId) -> None:
        """What is registered is what the plan says, before the founding ends."""
        registry, name = self._registry(chain_id), self.clients[chain_id].profile.name
        for token in self.blueprint.plan.tokens:
            said, found = token.config(chain_id, self.blueprint.chains), registry.token_config(token.token_id)
            if not is_as_planned(said, found):
                raise DeploymentRefused(f"{name}: token {token.token_id} is registered as {found}, not as {said}")

    def _name_owner(self, chain_id: ChainId) -> None:
        """The governor may take the timelock over."""
        client, lock = self.clients[chain_id], self._timelock(chain_id)
        governor = to_checksum_address(self.governor)
        if governor in (lock.owner(), lock.coming_owner()):
            return
        contract = client.contract(lock.address, load_contract(TIMELOCK))
        call = act_at_once(client, lock.address, encode_call(contract, "set_owner", governor))
        self._send(chain_id, OWNER_STEP, call)

    def _close_founding(self, chain_id: ChainId) -> None:
        """From now on whoever owns the timelock proposes, and waits."""
        lock = self._timelock(chain_id)
        if lock.is_founding():
            self._send(chain_id, FOUNDING_STEP, lock.encode("close_founding"))

    def _send(self, chain_id: ChainId, step: str, call: Call) -> None:
        client = self.clients[chain_id]
        nonce = client.nonce(self.deployer.address)
        self.journal.intend(chain_id, step, nonce, self.deployer.address, keccak(call.data))
        self.report(client.profile.name, step)
        self._finish(chain_id, step, client.send(self.deployer, call))

    def _finish(self, chain_id: ChainId, step: str, receipt: Receipt | None, address: str = "") -> None:
        if receipt is None:
            self.journal.finish(Done(chain_id, step, "", 0, 0, address))
            return
        transaction = f"0x{find_true_hash(receipt.tx_hash).hex()}"
        self.journal.finish(Done(chain_id, step, transaction, receipt.block_number, receipt.gas_used, address))

    def _find_receipt(self, chain_id: ChainId, nonce: int) -> Receipt | None:
        """What was mined of the versions that were sent with a nonce."""
        found: Sequence[Receipt | None] = [
            find_receipt(self.clients[chain_id], tx_hash) for tx_hash in self.journal.sent(chain_id, nonce)
        ]
        return next((receipt for receipt in found if receipt is not None), None)

    def _as_governor(self, chain_id: ChainId, call: Call) -> Call:
        return act_at_once(self.clients[chain_id], self.blueprint.governor(chain_id), call)

    def _encode_token(self, registry: RegistryClient, chain_id: ChainId, token: TokenPlan) -> Call:
        return registry.encode("register_token", token.token_id, token.config(chain_id, self.blueprint.chains).abi())

    def _registry(self, chain_id: ChainId) -> RegistryClient:
        return RegistryClient(self.clients[chain_id], self.blueprint.contracts[chain_id]["registry"])

    def _timelock(self, chain_id: ChainId) -> TimelockClient:
        return TimelockClient(self.clients[chain_id], self.blueprint.contracts[chain_id]["timelock"])

    def _spent(self, creation: Creation, detail: str) -> NonceSpent:
        name = self.clients[creation.chain_id].profile.name
        return NonceSpent(name, self.deployer.address, creation.nonce, creation.artifact.name, detail)


def name_token_step(token: TokenPlan) -> str:
    """What the journal calls the registration of a token."""
    return f"token {token.token_id}"
