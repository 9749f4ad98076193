"""What `pip install zklink` brings: a client of a node's API and of chains, and an owner's wallet.

Imports httpx, eth-account, eth-abi, msgspec and the pure parts of this package; no web3, no numpy, no state. One core
of coroutines stands behind both faces, `Client` and `AsyncClient`.
"""
