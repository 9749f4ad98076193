"""Mutants of a project's contracts and modules: each is a small change that the project's tests must notice."""

from zklink.lab.mutation.findings import Finding
from zklink.lab.mutation.judge import Judge
from zklink.lab.mutation.mutants import Change, Mutant, count_left_out, generate_mutants, read_mutants
from zklink.lab.mutation.plan import Plan, Same, choose, explain, find_stale, read_plan
from zklink.lab.mutation.report import Report, write_page
from zklink.lab.mutation.run import Verdict, run_mutants

__all__ = [
    "Change",
    "Finding",
    "Judge",
    "Mutant",
    "Plan",
    "Report",
    "Same",
    "Verdict",
    "choose",
    "count_left_out",
    "explain",
    "find_stale",
    "generate_mutants",
    "read_mutants",
    "read_plan",
    "run_mutants",
    "write_page",
]
