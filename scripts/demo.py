"""`ape run demo`: the same as `zklink demo`, for users of ape.

ape run demo                      swaps between four chains, without a deposit
ape run demo --story accounts     layer-2 accounts on three chains; then the operator dies and everybody leaves by proof
"""

from zklink.cli.demo_command import demo as cli

__all__ = ["cli"]
