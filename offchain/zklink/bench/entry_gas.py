"""Gas of each way in through an entry contract, beside a plain swap of the same token: Circle's dollar with the real
Permit2, and a token with permits in DAI's form.

Takes a run, gives gas by figure, and sets the chains back. The second transaction of each kind is measured, and the
relayer takes no fee.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.bench.block_run import HOME, OTHER, BlockRun
from zklink.bench.end_gas import pass_window
from zklink.bench.third_party.circle import CODE, LIBRARY, PROXY, name_domain, plan_initialisation
from zklink.bench.third_party.contracts import link, load_third_party
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, DepositOrder, SwapOrder, TokenConfig, universal_address
from zklink.l1.contracts.entry import Order, Relay, build_authorization_data, build_permit2_data
from zklink.l1.contracts.entry_client import EntryClient, deploy_entry
from zklink.l1.contracts.permits import sign_dai
from zklink.l1.contracts.timelock import Proposal, TimelockClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.transport.client import Call, ChainClient, encode_call
from zklink.protocol.ids import CUSTODY_LIMIT, GROUP_DELAY_SECONDS, Amount, TokenId

_CIRCLE, _DAI = TokenId(20), TokenId(21)
_DECIMALS: Final = {_CIRCLE: 6, _DAI: 12}
_L1_AMOUNT: Final = {_CIRCLE: 5 * 10**6, _DAI: 5 * 10**18}
_FORTUNE: Final = 10**24
_FREE: Final = Relay()
_HOUR: Final = 3_600


def measure_entry(run: BlockRun) -> dict[str, int]:
    """Two rounds of every way; the second counts."""
    with run.system.world.isolated():
        scene = _build_scene(run)
        _Round(scene, 0).measure()
        return _Round(scene, 1).measure()


@dataclass(frozen=True, slots=True)
class _Scene:
    """An entry beside the home chain's bridge, and a user with both tokens."""

    run: BlockRun
    entry: EntryClient
    tokens: dict[TokenId, TokenClient]

    @property
    def client(self) -> ChainClient:
        return self.entry.client

    @property
    def user(self) -> LocalAccount:
        return self.run.depositor

    @property
    def relayer(self) -> LocalAccount:
        return self.run.system.world.roles.relayer


@dataclass(frozen=True, slots=True)
class _Round:
    """Every way once; orders differ from round to round in their deadline or account."""

    scene: _Scene
    number: int

    def measure(self) -> dict[str, int]:
        """Gas by figure."""
        swap, deposit = self._swap(_CIRCLE), self._deposit(_CIRCLE)
        bridge, user = self.scene.run.system.bridges[HOME], self.scene.user
        self.scene.tokens[_CIRCLE].approve(user, bridge.address, swap.l1_amount)
        return {
            "swap of Circle's dollar": bridge.swap(user, swap).gas_used,
            "swap through Permit2": self._bring_permit2(swap, 2 * self.number),
            "deposit through Permit2": self._bring_permit2(deposit, 2 * self.number + 1),
            "swap with an authorization": self._bring_authorization(swap),
            "deposit with an authorization": self._bring_authorization(deposit),
            "swap with a permit in DAI's form": self._send_dai(self._swap(_DAI), 2 * self.number),
            "deposit with a permit in DAI's form": self._send_dai(self._deposit(_DAI), 2 * self.number + 1),
            "read the nonce of a swap order": self._ask("swap_nonce", swap),
            "read the nonce of a deposit order": self._ask("deposit_nonce", deposit),
        }

    @property
    def _until(self) -> int:
        return self.scene.client.head().timestamp + _HOUR

    def _swap(self, token: TokenId) -> SwapOrder:
        user = self.scene.user.address
        return SwapOrder(
            token_in=token,
            l1_amount=_L1_AMOUNT[token],
            destination=OTHER,
            token_out=USDC,
            min_out=Amount(1),
            operator_fee=Amount(1_000 + self.number),
            fill_fee=Amount(0),
            recipient=universal_address(user),
            deadline=self._until,
            refund_to=user,
        )

    def _deposit(self, token: TokenId) -> DepositOrder:
        user = self.scene.user.address
        return DepositOrder(token, _L1_AMOUNT[token] + 10**12 * self.number, universal_address(user), refund_to=user)

    def _price(self, order: Order) -> int:
        return self.scene.run.system.bridges[HOME].quote_order(order).value

    def _ask(self, function: str, order: Order) -> int:
        call = self.scene.entry.encode(function, order.abi(self.scene.user.address), _FREE.abi())
        return self.scene.client.send(self.scene.relayer, call).gas_used

    def _bring_permit2(self, order: Order, nonce: int) -> int:
        scene, until = self.scene, self._until
        token, user = scene.tokens[_CIRCLE].address, scene.user
        signature = build_permit2_data(scene.entry.place(), token, order, user.address, _FREE, nonce, until).sign(user)
        permit = (nonce, until, signature)
        return scene.entry.bring_permit2(
            scene.relayer, order, _FREE, user.address, permit, NO_ADDRESS, self._price(order)
        ).gas_used

    def _bring_authorization(self, order: Order) -> int:
        scene, until = self.scene, self._until
        user, domain = scene.user, name_domain(scene.client.profile.evm_chain_id, scene.tokens[_CIRCLE].address)
        data = build_authorization_data(scene.entry.place(), domain, order, user.address, _FREE, until)
        signed = (until, data.sign(user))
        return scene.entry.bring_authorization(
            scene.relayer, order, _FREE, user.address, signed, NO_ADDRESS, self._price(order)
        ).gas_used

    def _send_dai(self, order: Order, nonce: int) -> int:
        scene, token = self.scene, self.scene.tokens[_DAI].address
        place = {"chainId": scene.client.profile.evm_chain_id, "verifyingContract": token}
        domain = {"name": "Dai Stablecoin", "version": "1", **place}
        permit = sign_dai(scene.user, domain, scene.entry.address, nonce, self._until, is_allowed=True)
        return scene.entry.send_with_dai_permit(scene.user, order, permit, self._price(order)).gas_used


def _build_scene(run: BlockRun) -> _Scene:
    system, roles = run.system, run.system.world.roles
    client, user = system.world[HOME].client, run.depositor
    permit2 = client.deploy(roles.deployer, load_third_party("Permit2"))
    entry = deploy_entry(client, roles.deployer, system.bridges[HOME].address, permit2)
    addresses = {_CIRCLE: _deploy_circle(run), _DAI: client.deploy(roles.deployer, load_contract("DaiToken"), True)}
    dai = client.contract(addresses[_DAI], load_contract("DaiToken"))
    client.send(roles.deployer, encode_call(dai, "mint", user.address, _FORTUNE))
    _register(run, addresses)
    tokens = {token_id: TokenClient(client, address) for token_id, address in addresses.items()}
    tokens[_CIRCLE].approve(user, permit2, 2**256 - 1)
    return _Scene(run, entry, tokens)


def _register(run: BlockRun, addresses: Mapping[TokenId, str]) -> None:
    """Through the timelock, after its delay."""
    system, governor = run.system, run.system.world.roles.governor
    registry = system.bridges[HOME].tokens
    timelock = TimelockClient(registry.client, system.deployment.chains[HOME].timelock)
    calls: list[Call] = []
    for token_id, address in addresses.items():
        config = TokenConfig(frozenset({HOME}), address, _DECIMALS[token_id], Amount(1), Amount(CUSTODY_LIMIT))
        calls.append(registry.encode("register_token", token_id, config.abi()))
    proposal = Proposal(tuple(calls))
    timelock.propose(governor, proposal)
    pass_window(run, GROUP_DELAY_SECONDS)
    timelock.execute(governor, proposal)


def _deploy_circle(run: BlockRun) -> str:
    """Behind its proxy; the governor is its issuer, the depositor has a lot of it."""
    client, roles = run.system.world[HOME].client, run.system.world.roles
    library = client.deploy(roles.deployer, load_third_party(LIBRARY))
    artifact = link(load_third_party(CODE), library)
    code = client.deploy(roles.deployer, artifact)
    proxy = client.deploy(roles.deployer, load_third_party(PROXY), code)
    contract = client.contract(proxy, artifact)
    issuer = roles.governor
    calls: list[Call] = [encode_call(contract, name, *values) for name, values in plan_initialisation(issuer.address)]
    for call in (*calls, encode_call(contract, "mint", run.depositor.address, _FORTUNE)):
        client.send(issuer, call)
    return proxy
