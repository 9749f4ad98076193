"""A transaction by ape's own accounts on whichever chain is ape's active one: takes two numbers of test accounts, gives
nothing back. Never prints, though ape says each transaction.
"""


def send_through_ape(sender: int, receiver: int) -> None:
    """One wei from one of ape's test accounts to another, in a block of its own; waits for the receipt."""
    from ape import accounts
    from ape.logging import LogLevel, logger

    with logger.at_level(LogLevel.ERROR):
        accounts.test_accounts[sender].transfer(accounts.test_accounts[receiver], 1)
