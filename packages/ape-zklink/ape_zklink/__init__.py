"""ape's plugin of zklink's laboratory: the provider `revm`. ape finds it by the name of its distribution."""

from zklink.lab.ape_plugin import providers

__all__ = ["providers"]
