"""`make check` and the hooks of pre-commit are one list, and no hook fetches anything."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]


def load_hooks() -> list[dict[str, Any]]:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    hooks: list[dict[str, Any]] = config["repos"][0]["hooks"]
    return hooks


def list_checks() -> list[str]:
    (found,) = re.findall(r"^CHECKS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return str(found).split()


def test_hooks__are_the_parts_of_make_check_in_its_order() -> None:
    assert [hook["id"] for hook in load_hooks()] == list_checks()


def test_hooks__each_one__runs_its_target_on_the_whole_checkout() -> None:
    for hook in load_hooks():
        assert hook["entry"] == f"make --silent {hook['id']}"
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("system", False, True)


def test_makefile__each_check__is_a_target() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [check for check in list_checks() if check not in targets] == []
    assert "check" in targets
