"""Mutants of a project's contracts: each is a small change that the project's tests must notice."""

from zklink.lab.mutation.mutants import Change, Mutant, generate_mutants, read_mutants
from zklink.lab.mutation.run import Verdict, run_mutants

__all__ = ["Change", "Mutant", "Verdict", "generate_mutants", "read_mutants", "run_mutants"]
