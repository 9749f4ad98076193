"""What ape learns from the laboratory: the provider `revm` on every ecosystem's local network.

Takes ape's plugin manager; gives it the provider. In `ape test` the pytest plugin registers it and makes it the default
where the project's own configuration names none; elsewhere the distribution `ape-zklink` does.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ape import plugins

NAME: Final = "ape_zklink"
PROVIDER: Final = "revm"
_CONFIGS: Final = ("ape-config.yaml", "ape-config.yml", "ape-config.json", "pyproject.toml")


@plugins.register(plugins.ProviderPlugin)  # type: ignore[untyped-decorator]
def providers() -> Iterator[tuple[str, str, type]]:
    """The provider, by ecosystem and network."""
    from zklink.lab.revm.ape_provider import RevmProvider

    for ecosystem in ("ethereum", "arbitrum", "avalanche", "base", "bsc", "optimism", "polygon"):
        yield ecosystem, "local", RevmProvider


def register() -> None:
    """Tell ape, unless the distribution `ape-zklink` has done it."""
    import sys

    from ape.managers.plugins import pluggy_manager

    if not pluggy_manager.has_plugin(NAME):
        pluggy_manager.register(sys.modules[__name__], name=NAME)


def make_default(folder: Path) -> bool:
    """Let the default ecosystem's local network run on revm, if the project in a folder does not say on what; whether
    it does.
    """
    from ape import networks

    register()
    ecosystem = networks.default_ecosystem
    if ecosystem.default_network_name != "local" or _names_provider(folder, ecosystem.name):
        return False
    ecosystem.local.set_default_provider(PROVIDER)
    return True


def _names_provider(folder: Path, ecosystem: str) -> bool:
    for name in _CONFIGS:
        given: Any = _read(folder / name).get(ecosystem, {})
        if isinstance(given, dict) and isinstance(given.get("local"), dict) and "default_provider" in given["local"]:
            return True
    return False


def _read(file: Path) -> dict[str, Any]:
    """A configuration's data; ape itself complains about one that cannot be read."""
    import yaml

    if not file.is_file():
        return {}
    try:
        if file.suffix == ".toml":
            data = tomllib.loads(file.read_text()).get("tool", {}).get("ape", {})
        else:
            data = json.loads(file.read_text()) if file.suffix == ".json" else yaml.safe_load(file.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return data if isinstance(data, dict) else {}
