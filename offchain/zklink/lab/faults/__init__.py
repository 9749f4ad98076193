"""What goes wrong on a chain, between chains and at a node, as data that can be planned, drawn, saved and shrunk."""

from zklink.lab.faults.base import Fault, Strike
from zklink.lab.faults.of_chains import (
    Drift,
    Dropped,
    FeeSpike,
    FullPool,
    Halt,
    MissedBlocks,
    Reorg,
    Replaced,
    Skew,
    SlowBlocks,
    Withheld,
)
from zklink.lab.faults.of_messages import Censored, Delayed, Forged, Lost, Reordered, Repeated
from zklink.lab.faults.of_nodes import BadNode
from zklink.lab.faults.plan import FAULTS, FaultPlan

__all__ = [
    "FAULTS",
    "BadNode",
    "Censored",
    "Delayed",
    "Drift",
    "Dropped",
    "Fault",
    "FaultPlan",
    "FeeSpike",
    "Forged",
    "FullPool",
    "Halt",
    "Lost",
    "MissedBlocks",
    "Reordered",
    "Reorg",
    "Repeated",
    "Replaced",
    "Skew",
    "SlowBlocks",
    "Strike",
    "Withheld",
]
