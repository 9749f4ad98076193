"""The public face: complete, documented, the same for both kinds of code, and thin."""

import inspect
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from types import FunctionType
from typing import Any

import pytest

import zklink
from zklink import Accounts, AsyncAccounts, AsyncClient, Client
from zklink.client import contract_calls
from zklink.client.event_models import Event
from zklink.client.transport import AsyncTransport, BlockingTransport
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.transport.arguments import spell_type
from zklink.schema.api.methods import METHODS

HEAVY = (
    "web3",
    "ape",
    "llvmlite",
    "numpy",
    "click",
    "sqlalchemy",
    "starlette",
    "wasmtime",
    "groth16py",
    "platformdirs",
)
"""Packages that a thin installation does not have."""
STREAMS = {"subscribe"}
"""Methods that give one thing after another."""


def list_methods(face: type) -> dict[str, Any]:
    return {name: found for name, found in vars(face).items() if not name.startswith("_") and callable(found)}


def test_all__every_name__is_there_and_documented() -> None:
    assert zklink.__all__ == sorted(zklink.__all__)
    assert set(zklink.__all__) == zklink._HOMES.keys() <= set(dir(zklink))
    for name in zklink.__all__:
        found = getattr(zklink, name)
        assert found.__name__.rpartition(".")[2] == name
        assert inspect.getdoc(found)


def test_all__every_class_of_the_face__says_what_each_method_does() -> None:
    bare = [
        f"{name}.{method}"
        for name in zklink.__all__
        for method, found in vars(getattr(zklink, name)).items()
        if not method.startswith("_") and isinstance(found, FunctionType | classmethod | property)
        if not inspect.getdoc(found)
    ]
    assert bare == []


def test_getattr__no_such_name__an_attribute_error_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klient'"):
        zklink.Klient  # noqa: B018


@pytest.mark.parametrize(("face", "core"), [(Client, AsyncClient), (Accounts, AsyncAccounts)])
def test_faces__every_method__has_the_same_parameters_and_answer(face: type, core: type) -> None:
    plain, coroutines = list_methods(face), list_methods(core)
    assert plain.keys() == coroutines.keys()
    for name, found in plain.items():
        core_signature = inspect.signature(coroutines[name])
        assert inspect.signature(found).parameters == core_signature.parameters, name
        if name in STREAMS:
            assert inspect.signature(found).return_annotation == Iterator[Event]
            assert core_signature.return_annotation == AsyncGenerator[Event, None]
        else:
            assert inspect.signature(found) == core_signature, name
            assert inspect.iscoroutinefunction(coroutines[name]) and not inspect.iscoroutinefunction(found)
        assert inspect.getdoc(found) == f"See `{core.__name__}.{name}`."


def test_transports__both__have_the_same_coroutines() -> None:
    for name, found in list_methods(BlockingTransport).items():
        assert inspect.signature(found) == inspect.signature(getattr(AsyncTransport, name)), name


def test_api__both_faces__have_every_method_of_the_table() -> None:
    from zklink.client.api_methods import Api, AsyncApi

    assert list_methods(Api).keys() == list_methods(AsyncApi).keys() == {method.name for method in METHODS}


def test_contract_calls__every_signature__is_the_compilers() -> None:
    for contract, signatures in (
        ("Bridge", contract_calls.BRIDGE),
        ("Registry", contract_calls.REGISTRY),
        ("Entry", contract_calls.ENTRY),
    ):
        compiled = {
            f"{entry['name']}({','.join(spell_type(item) for item in entry['inputs'])})"
            for entry in load_contract(contract).abi
            if entry["type"] == "function"
        }
        assert set(signatures.values()) <= compiled, contract
    events = {
        f"{entry['name']}({','.join(spell_type(item) for item in entry['inputs'])})"
        for entry in load_contract("Bridge").abi
        if entry["type"] == "event"
    }
    assert set(contract_calls.EVENTS.values()) <= events


def test_import__in_an_empty_interpreter__brings_nothing_heavy() -> None:
    blocked = f"import sys; [sys.modules.__setitem__(name, None) for name in {HEAVY!r}]"
    program = f"{blocked}\nimport zklink\nassert not [m for m in sys.modules if m.startswith('zklink.')]\n"
    program += "from zklink import AsyncClient, Client, Wallet\nprint(Wallet.from_key('0x' + '11' * 32).address)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A\n", done.stderr
