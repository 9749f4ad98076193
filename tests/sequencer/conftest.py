"""A small deployment of three chains, and a sequencer on it."""

from collections.abc import Callable

import pytest

from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.sequencer.journal import Journal, MemoryJournal
from zklink.sequencer.sealed import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.state.genesis import Genesis
from zklink.state.rows import Pool, TokenRow

CHAINS = tuple(ChainId(chain) for chain in (1, 2, 3))
PRIMARY = ChainId(2)

GENESIS = Genesis(
    tokens={TokenId(token): TokenRow((300_000, 400_000, 300_000, 0, 0, 0, 0, 0), 0) for token in (1, 2)},
    pools={(TokenId(1), TokenId(2)): Pool(1_000_000, 1_000_000, 1_000_000, 30)},
)

PARAMETERS = Parameters(MINIMAL, bytes([7]) * 32, PRIMARY, CHAINS)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def new_sequencer() -> Callable[[Journal], Sequencer]:
    return lambda journal: Sequencer(PARAMETERS, GENESIS.state(MINIMAL), journal)


@pytest.fixture
def sequencer(new_sequencer: Callable[[Journal], Sequencer], journal: MemoryJournal) -> Sequencer:
    return new_sequencer(journal)
