"""A ledger that was put into bytes goes on where it stood: accounts, programs, history and blockhashes."""

import pytest
from solders.pubkey import Pubkey

from tests.lab.solana_wallets import ALICE, BOBS, SOL, balance
from tests.solana.test_client import pay_bob
from zklink.devnet.solana.people import Desk
from zklink.lab.errors import NodeRefused
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.saved_ledger import dump_ledger, load_ledger

SPEC = SolanaSpec(confirmed_slots=2, finalized_slots=6)
