"""Every method asked as its schema says, and as it does not: always an answer of the schema, or a refusal that the
table documents for that method; never a status 500, a trace or a hang.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schemathesis import GenerationMode

from tests.api.scene import Scene
from tests.support.tries import tries
from zklink.schema.api.documents import build_schemas
from zklink.schema.api.methods import BY_NAME, METHODS, Method
from zklink.schema.api.openapi import EVENTS_PATH
from zklink.schema.api.openapi import list_refusals as list_rest_refusals
from zklink.schema.api.openrpc import list_refusals
from zklink.schema.api.refusals import REFUSALS

BUSY = ("timed_out", "not_ready", "internal")
"""What a scene that is ready and quick never answers."""

TRIES = tries(
    40,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
PLACES, COMPONENTS = build_schemas()
DOCUMENT = "urn:api"
DESCRIBED: Any = {"components": {"schemas": COMPONENTS}}
REGISTRY: Any = Registry().with_resource(
    DOCUMENT,
    Resource.from_contents(DESCRIBED, default_specification=DRAFT202012),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def asked(still: Scene) -> Iterator[Any]:
    """The REST door as its document describes it."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", still.app)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    yield schema


rest = schemathesis.pytest.from_fixture("asked").exclude(path=EVENTS_PATH)


@rest.parametrize()
@TRIES
def test_rest__whatever_is_asked__answered_by_the_schema_or_refused_by_the_table(case: Any) -> None:
    method = BY_NAME[case.operation.definition.raw["operationId"]]
    response = case.call()
    if response.request.method in ("HEAD", "OPTIONS"):
        assert response.status_code < 500
        return
    answer = json.loads(response.content)
    if response.status_code == 200:
        check_answer(method, answer)
        return
    code = answer["error"]["code"]
    assert code in list_rest_refusals(method) and code not in BUSY, answer
    assert response.status_code == REFUSALS[code].status
    check_problem(answer["error"])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_json_rpc__whatever_is_asked__answered_by_the_schema_or_refused_by_the_table(
    still: Scene, method: Method
) -> None:
    @given(build_params(method))
    @TRIES
    def ask(params: Any) -> None:
        call = {"jsonrpc": "2.0", "id": 1, "method": method.name, "params": params}
        response = still.client.post("/rpc", content=json.dumps(call), headers={"Content-Type": "application/json"})
        assert response.status_code == 200
        answer = response.json()
        if "result" in answer:
            check_answer(method, answer["result"])
            return
        code = answer["error"]["data"]["code"]
        assert code in (*list_refusals(method), "not_a_request", "too_deep") and code not in BUSY, answer
        check_problem(answer["error"]["data"])

    ask()


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
@TRIES
def test_json_rpc__any_bytes__a_refusal_of_the_table(still: Scene, body: bytes) -> None:
    response = still.client.post("/rpc", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    for answer in response.json() if isinstance(response.json(), list) else [response.json()]:
        assert answer["error"]["data"]["code"] in ("malformed", "not_a_request", "too_deep", "too_many_calls")


def build_params(method: Method) -> st.SearchStrategy[Any]:
    """Parameters as the schema says, and such with a field that is something else, or that nobody knows."""
    right = build_values(PLACES[method.request])
    names = [*method.request.__struct_fields__, "nobody_knows_me"]
    wrong = st.builds(lambda params, name, value: {**params, name: value}, right, st.sampled_from(names), ANYTHING)
    return right | wrong | st.lists(ANYTHING, max_size=4)


def build_values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values as a schema says. Objects are put together here, since hypothesis-jsonschema cannot do it with this
    Hypothesis; it makes what is in them.
    """
    if "$ref" in schema:
        return st.deferred(lambda: build_values(COMPONENTS[schema["$ref"].rpartition("/")[2]]))
    if "anyOf" in schema:
        return st.one_of(*map(build_values, schema["anyOf"]))
    if "properties" in schema:
        fields = {name: build_values(field) for name, field in schema["properties"].items()}
        required = schema.get("required", [])
        optional = {name: field for name, field in fields.items() if name not in required}
        return st.fixed_dictionaries({name: fields[name] for name in required}, optional=optional)
    if schema.get("type") == "object":
        return st.dictionaries(st.text(max_size=8), ANYTHING, max_size=3)
    if schema.get("type") == "array":
        items = build_values(schema.get("items", {}))
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 3), 5))
    return ANYTHING if schema.keys() <= {"default", "description"} else from_schema(schema)


def check_answer(method: Method, answer: Any) -> None:
    """The answer must be what the documents say."""
    reference = PLACES[method.answer]["$ref"]
    Draft202012Validator({"$ref": f"{DOCUMENT}{reference}"}, registry=REGISTRY).validate(answer)


def check_problem(problem: Any) -> None:
    """A refusal says something, and nothing of the program's inside."""
    assert problem["message"]
    assert all(isinstance(value, str) for value in problem["details"].values())
    assert not any(word in json.dumps(problem) for word in ("Traceback", "site-packages", 'File \\"'))
