"""Tables and lists of pages that repeat what stands elsewhere: each says the same as its source."""

import re
import subprocess
import tomllib
from typing import Any, Final

from tests.docs.code_blocks import ROOT
from zklink.devnet.profiles import PROFILES

NAME: Final = re.compile(r"`(\w+)`")
WIDTH: Final = 80
"""Columns of a terminal."""


def read_rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = (ROOT / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_architecture__layers__are_those_that_are_checked() -> None:
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stack = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["containers"] == ["zklink"])
    shown = [" | ".join(NAME.findall(row[0])) for row in read_rows("docs/architecture.md", "The layers")]
    assert shown == stack["layers"]


def test_local_chains__table__is_that_of_the_profiles() -> None:
    rows = read_rows("docs/local-chains.md", "Block times and confirmations")
    assert rows == [
        [
            profile.name,
            str(profile.chain_id),
            str(profile.evm_chain_id),
            profile.native_symbol,
            f"{profile.block_time_seconds:g} s",
            str(profile.confirmations),
        ]
        for profile in PROFILES
    ]


def test_where_do_i_find__any_code__is_a_link_from_the_root() -> None:
    """In the table of questions every path begins at the root, and a reader can follow it."""
    for question, answer in read_rows("docs/architecture.md", "Where do I find ..?"):
        for text, target in re.findall(r"\[`([^`]+)`\]\(([^)]+)\)", answer):
            assert target == f"../{text}", question
            assert (ROOT / text).is_file(), question
        bare = re.sub(r"\[[^]]*\]\([^)]*\)", "", answer)
        assert re.findall(r"`[\w/]+\.\w+`", bare) == [], question


def test_make_help__every_target__is_listed() -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert sorted(re.findall(r"^make ([a-z-]+) ", said, re.MULTILINE)) == sorted(targets)


def test_readme__text__fits_a_terminal() -> None:
    """Prose and samples; a row of a table and a line that is one link cannot be broken."""
    lines = (ROOT / "README.md").read_text().splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith(("|", "["))] == []
