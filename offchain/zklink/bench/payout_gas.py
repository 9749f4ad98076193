"""Gas of payouts on the home chain: fills by a broker, `execute` of what a block owes, pulls, pushes and
fees.

Takes a run, gives gas by figure. Each figure of `execute` is a whole transaction that pays the one payout of a block.
"""

from dataclasses import dataclass, field
from typing import Final

from zklink.bench.block_run import HOME, OTHER, THIRD, BlockRun
from zklink.bench.request_gas import AMOUNT
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import POL, USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.transport.client import encode_call
from zklink.operations.payout import Payout
from zklink.operations.signed import sign
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import AccountId, Amount, BlockNumber, Lane, Nonce, TokenId

_FILL_FEE: Final = Amount(1_000)
_FOREVER: Final = 2**40 - 1
_REFUSE: Final = 1
"""The mode of the test recipient in which it refuses payments."""


@dataclass(slots=True)
class PayoutRun:
    """Blocks with one payout each, that the home chain owes."""

    run: BlockRun
    refuser: str = ""
    blocks: dict[str, BlockNumber] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    def measure(self, account: AccountId, nonce: Nonce) -> dict[str, int]:
        """Every figure; the account withdraws with this nonce."""
        self._seal(account, nonce)
        for name, token_id in (("filled ERC-20", USDC), ("filled native coin", POL), ("filled withdrawal", USDC)):
            payout = self._payouts(self.blocks[name])[0]
            self.figures[name.replace("filled", "fill")] = self._fill(payout, token_id)
        self.run.everywhere(pay=False)
        many = self.run.system.deployment.preset.slots
        gas = {name: self.run.execute(number) for name, number in self.blocks.items()}
        self.figures |= {
            "execute, each further ERC-20 payout": (gas["many"] - gas["ERC-20"]) // (many - 1),
            "execute, one ERC-20 payout": gas["ERC-20"],
            "execute, one native payout": gas["native coin"],
            "execute, one ERC-20 payout repaid to its broker": gas["filled ERC-20"],
            "execute, one native payout repaid to its broker": gas["filled native coin"],
            "execute, one withdrawal repaid to its broker": gas["filled withdrawal"],
            "execute, one ERC-20 refund": gas["refund"],
            "execute, one payout that its recipient refuses": gas["refused"],
        }
        self._pull()
        return self.figures

    def _seal(self, account: AccountId, nonce: Nonce) -> None:
        """A block per thing to measure."""
        requests = self.run.requests
        recipient = universal_address(self.run.system.world.roles.recipient.address)
        fast = Withdraw(account, nonce, _FOREVER, USDC, AMOUNT, Amount(0), HOME, recipient, _FILL_FEE)
        signed = sign(fast, self.run.sequencer.parameters.domain(Lane.ACCOUNT), layer2_key(self.run.depositor))
        self.run.sequencer.submit(signed, self.run.now)
        self.blocks["filled withdrawal"] = self.run.seal()
        client = self.run.system.world[HOME].client
        self.refuser = client.deploy(self.run.depositor, load_contract("AdversarialRecipient"))
        self._command("set_mode", _REFUSE)
        for name, source, token, fee, who in (
            ("ERC-20", OTHER, USDC, 0, ""),
            ("filled ERC-20", OTHER, USDC, _FILL_FEE, ""),
            ("native coin", THIRD, POL, 0, ""),
            ("filled native coin", THIRD, POL, _FILL_FEE, ""),
            ("refused", THIRD, POL, 0, self.refuser),
        ):
            requests.swap(source, HOME, token, token, fill_fee=fee, recipient=who)
            self.blocks[name] = self.run.seal()
        requests.swap(HOME, OTHER, USDC, USDC, min_out=2 * AMOUNT)
        self.blocks["refund"] = self.run.seal()
        for _ in range(self.run.system.deployment.preset.slots):
            requests.swap_dollars(OTHER, HOME)
        self.blocks["many"] = self.run.seal()

    def _fill(self, payout: Payout, token_id: TokenId) -> int:
        broker, bridge = self.run.system.world.roles.broker, self.run.system.bridges[HOME]
        l1_net = (payout.amount - payout.fill_fee) * bridge.tokens.token_scale(token_id)
        token = self.run.system.token(HOME, token_id)
        if not token.is_native:
            token.approve(broker, bridge.address, l1_net)
        return bridge.fill(broker, payout.words(), l1_net if token.is_native else 0).gas_used

    def _payouts(self, number: BlockNumber) -> tuple[Payout, ...]:
        return self.run.sequencer.block(number).payouts(HOME)

    def _pull(self) -> None:
        """The recipient that refused the payout takes a half later, and is pushed the rest; fees are collected."""
        self._command("set_mode", 0)
        bridge, depositor = self.run.system.bridges[HOME], self.run.depositor
        half = bridge.pending_balance(self.refuser, POL) // 2
        call = bridge.encode("withdraw_pending_balance", POL, depositor.address, half)
        self.figures["pull of a pending balance, native coin, through a contract"] = self._command(
            "act", bridge.address, call.data
        )
        pushed = bridge.push_pending_balance(depositor, self.refuser, POL)
        self.figures["push of a pending balance, native coin"] = pushed.gas_used
        self.figures["collect fees"] = bridge.collect_fees(depositor).gas_used

    def _command(self, function: str, *arguments: object) -> int:
        """Call a function of the recipient that refuses payments."""
        client = self.run.system.world[HOME].client
        contract = client.contract(self.refuser, load_contract("AdversarialRecipient"))
        return client.send(self.run.depositor, encode_call(contract, function, *arguments)).gas_used
