"""`zklink generate`: the files that are written from others."""

from __future__ import annotations

import sys
from itertools import product

import click

from zklink.cli.api_page import render_api_page
from zklink.cli.circuits import DEFAULT_PRESETS
from zklink.cli.client_methods import render_client_methods
from zklink.cli.client_page import render_client_page
from zklink.cli.command_page import render_command_page
from zklink.cli.error_page import render_error_page
from zklink.cli.progress_bar import RichProgress
from zklink.cli.token_page import render_token_page
from zklink.files import write_file
from zklink.protocol.presets import PRESETS, Preset
from zklink.protocol.render_constants import render_all
from zklink.prover.cache import project_root
from zklink.prover.circuit_artifacts import ensure_circuit, find_circuit
from zklink.prover.progress import Progress
from zklink.prover.source import Statement
from zklink.prover.verifier_codegen import generate_verifier
from zklink.solana.interface.header import render_header
from zklink.solana.interface.javascript import render_layouts
from zklink.solana.interface.timelock.header import render_timelock_header

VERIFIERS = "contracts/verifiers"


def verifier_name(statement: Statement, preset: Preset) -> str:
    return f"{statement.capitalize()}Verifier{preset.name.capitalize()}"


def render_verifiers(progress: Progress) -> dict[str, str]:
    """The verifier of every circuit whose key exists; those of the default presets are built if they are missing."""
    rendered = {}
    for preset, statement in product(PRESETS.values(), Statement):
        is_default = preset.name in DEFAULT_PRESETS
        artifacts = ensure_circuit(preset, progress, statement) if is_default else find_circuit(preset, statement)
        if artifacts is not None:
            name = verifier_name(statement, preset)
            rendered[f"{VERIFIERS}/{name}.vy"] = generate_verifier(artifacts.vk, name)
    return rendered


def render_pages(context: click.Context) -> dict[str, str]:
    """The reference pages; the commands are those of the group that this command was called from."""
    root = context.find_root().command
    assert isinstance(root, click.Group)
    pages = render_error_page() | render_command_page(root) | render_token_page() | render_api_page()
    return pages | render_client_methods() | render_client_page()


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is not up to date.")
@click.pass_context
def generate(context: click.Context, check: bool) -> None:
    """Write the constants for Vyper, circom and C, the verifiers, and the reference pages of the documentation."""
    root = project_root()
    stale = 0
    # Constants first: the circuits are built from them.
    interfaces = (render_header, render_timelock_header, render_layouts)
    for render in (render_all, *interfaces, lambda: render_verifiers(RichProgress()), lambda: render_pages(context)):
        for path, text in render().items():
            target = root / path
            if target.is_file() and target.read_text() == text:
                continue
            stale += 1
            if check:
                click.echo(f"{path} is not up to date; run `zklink generate`", err=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_file(target, text)
                click.echo(f"wrote {path}")
    if check and stale:
        sys.exit(1)
