"""The chains that the local networks imitate: real ids, block times and native coins; confirmations for a devnet."""

from collections.abc import Sequence
from typing import Final

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.lab.errors import NoSuchChain
from zklink.protocol.ids import ChainId

ETHEREUM: Final = ChainProfile("ethereum", ChainId(1), 1, 12.0, 2, "ETH", is_local=True)
POLYGON: Final = ChainProfile("polygon", ChainId(2), 137, 2.0, 3, "POL", is_local=True)
BSC: Final = ChainProfile("bsc", ChainId(3), 56, 0.75, 4, "BNB", is_local=True)
AVALANCHE: Final = ChainProfile("avalanche", ChainId(4), 43114, 1.0, 2, "AVAX", is_local=True)

PROFILES: Final = (ETHEREUM, POLYGON, BSC, AVALANCHE)


def profile_by_name(name: str) -> ChainProfile:
    """A profile by its chain's name. Raises NoSuchChain."""
    for profile in PROFILES:
        if profile.name == name:
            return profile
    raise NoSuchChain(name, tuple(profile.name for profile in PROFILES))


def select_profiles(names: Sequence[str]) -> tuple[ChainProfile, ...]:
    """Profiles by name, in ascending order of their chain ids. Raises NoSuchChain."""
    return tuple(sorted((profile_by_name(name) for name in names), key=lambda profile: profile.chain_id))
