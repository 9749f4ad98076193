"""A chain in this process on revm, many times as fast as one on py-evm.

`chain.RevmChain` is the chain; `rpc.RevmRpc` answers in front of it as nodes do; `ape_provider` is ape's way to it.
"""
