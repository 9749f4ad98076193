"""Orders confirmed requests, seals them into blocks and brings every block onto every chain.

Takes requests that the watcher has seen confirmed; gives sealed blocks and, per chain, the next transaction that is
due. Never signs for a user, never decides an outcome (the transition does), and never stores a chain's state that it
could read from the chain.
"""
