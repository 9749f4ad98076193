"""An account: a deposit on Polygon, a transfer to somebody who has no account yet, a withdrawal to BSC.

Run it with `python examples/account.py`. It prints:

    Alice's account 1 has 999.98 USDC and her key
    Bob's account 3 has 250.00 USDC, Alice is left with 749.88
    Alice is paid 100.00 USDC on bsc, where she never deposited
"""

from local_operator import LocalOperator, open_operator
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.tokens import USDC
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.ids import AccountId, Amount, Nonce
from zklink.sdk.wallet import LEAST_FEE, Wallet

DOLLAR = 10**6


def show(amount: int) -> str:
    return f"{amount / DOLLAR:,.2f}"


def open_account(operator: LocalOperator, alice: Wallet) -> None:
    """A deposit opens the account; a signature of the owner's L1 key gives it its layer-2 key, for a small fee."""
    operator.deposit(alice, POLYGON.chain_id, USDC, Amount(1_000 * DOLLAR))
    operator.run_until(lambda: alice.has_account)
    alice.set_key()
    operator.run_until(lambda: alice.nonce == 1 and not operator.node.sequencer.has_waiting)


def main() -> None:
    with open_operator() as operator:
        alice, bob = operator.open_wallet("depositor"), operator.open_wallet("recipient")
        provider = operator.open_wallet("provider")
        operator.deposit(provider, BSC.chain_id, USDC, Amount(5_000 * DOLLAR))  # what withdrawals on BSC are paid from
        open_account(operator, alice)
        print(f"Alice's account {alice.account} has {show(alice.balance(USDC))} USDC and her key")

        def pay_bob(account: AccountId, nonce: Nonce, valid_until: int) -> Transfer:
            return Transfer(account, nonce, valid_until, USDC, Amount(250 * DOLLAR), LEAST_FEE, bob.address)

        alice.send(pay_bob)
        operator.run_until(lambda: bob.has_account)
        left = show(alice.balance(USDC))
        print(f"Bob's account {bob.account} has {show(bob.balance(USDC))} USDC, Alice is left with {left}")

        def withdraw(account: AccountId, nonce: Nonce, valid_until: int) -> Withdraw:
            amount, fill_fee = Amount(100 * DOLLAR), Amount(0)  # with a fill fee, a broker would pay at once
            return Withdraw(account, nonce, valid_until, USDC, amount, LEAST_FEE, BSC.chain_id, alice.address, fill_fee)

        token, scale = operator.system.token(BSC.chain_id, USDC), operator.system.bridges[BSC.chain_id].tokens
        before = token.balance(alice.owner.address)
        alice.send(withdraw)
        operator.run_until(lambda: token.balance(alice.owner.address) > before)
        paid = (token.balance(alice.owner.address) - before) // scale.token_scale(USDC)
        print(f"Alice is paid {show(paid)} USDC on bsc, where she never deposited")


if __name__ == "__main__":
    main()
