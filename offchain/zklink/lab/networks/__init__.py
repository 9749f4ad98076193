"""Message networks on the chains of a world: their own contracts, as on live chains, carried by the courier."""

from zklink.lab.networks.hyperlane import Hyperlane
from zklink.lab.networks.layerzero import LayerZero

__all__ = ["Hyperlane", "LayerZero"]
