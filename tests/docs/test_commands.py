"""Every command and option says what it is for; docs/commands.md shows all of them."""

import click
import pytest

from zklink.cli.command_page import PATH, list_commands, render_command_page
from zklink.cli.main import main

COMMANDS = list_commands(main)


def test_commands__all__are_found() -> None:
    assert {"zklink recover", "zklink genesis check", "ape run demo", "ape run deploy", "ape run exit"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_command__any__has_help_that_is_a_sentence(name: str) -> None:
    assert (COMMANDS[name].help or "").split("\n\n")[0].endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_option__any__has_help_that_is_a_sentence(name: str) -> None:
    options = [parameter for parameter in COMMANDS[name].params if isinstance(parameter, click.Option)]
    assert [option.opts for option in options if not (option.help or "").endswith(".")] == []


def test_page__every_command_and_option__is_on_it() -> None:
    page = render_command_page(main)[PATH]
    for name, command in COMMANDS.items():
        section = page.split(f"### {name}\n")[1].split("\n### ")[0]
        for option in command.params:
            if isinstance(option, click.Option):
                assert all(f"`{form}`" in section for form in option.opts), (name, option.opts)
