"""Machines: people and programs who act by chance on several chains, while what must hold is checked."""

from zklink.lab.machines.base import Machine
from zklink.lab.machines.run import Run, run_machine
from zklink.lab.machines.staged import Dice, StagedMachine
from zklink.lab.machines.steps import invariant, step

__all__ = ["Dice", "Machine", "Run", "StagedMachine", "invariant", "run_machine", "step"]
