"""Jobs and proofs as JSON, for provers on other machines: paths, encodings, and what is refused."""

from typing import Any, Final

from zklink.protocol.ids import Lane
from zklink.service.proving.desk import Made, Task
from zklink.witness.signals import Signal, Signals

LEASE: Final = "/prover/lease"
BEAT: Final = "/prover/beat"
PUBLISH: Final = "/prover/publish"
GIVE_UP: Final = "/prover/give-up"

NAME_LENGTH: Final = 64
REASON_LENGTH: Final = 500
WORDS: Final = 8
ID_BYTES: Final = 32
MOST_SECONDS: Final = 10.0**6


def encode_task(task: Task) -> dict[str, Any]:
    """Numbers are decimal texts: JSON's own are not exact everywhere."""
    return {
        "id": task.id.hex(),
        "attempt": task.attempt,
        "lane": int(task.lane),
        "preset": task.preset,
        "lease_seconds": task.lease_seconds,
        "waiting": task.waiting,
        "inputs": {name: _encode(value) for name, value in task.inputs.items()},
    }


def decode_task(data: Any) -> Task:
    """Raises ValueError if it is none."""
    try:
        inputs: Signals = {str(name): _decode(value) for name, value in data["inputs"].items()}
        id, lane = bytes.fromhex(data["id"]), Lane(data["lane"])
        seconds, waiting = float(data["lease_seconds"]), max(0, int(data.get("waiting", 0)))
        return Task(id, int(data["attempt"]), lane, str(data["preset"]), seconds, inputs, waiting)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no job: {error!r}") from error


def decode_held(data: Any) -> tuple[str, Task]:
    """Who has which job, without its inputs. Raises ValueError with what would be right."""
    name = decode_name(data)
    id, attempt = data.get("id"), data.get("attempt")
    if not isinstance(id, str) or len(id) != 2 * ID_BYTES or type(attempt) is not int:
        raise ValueError("a job is named by `id`, 32 bytes in hex, and `attempt`, a number")
    return name, Task(bytes.fromhex(id), attempt, Lane.SWAP, "", 0.0, {})


def decode_name(data: Any) -> str:
    """The worker's name. Raises ValueError."""
    name = data.get("worker") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= NAME_LENGTH:
        raise ValueError(f"`worker` is a name of 1 to {NAME_LENGTH} printable characters")
    return name


def decode_made(data: Any) -> Made:
    """A published proof. Raises ValueError."""
    words, seconds = data.get("proof"), (data.get("witness_seconds", 0.0), data.get("proof_seconds", 0.0))
    if not isinstance(words, list) or len(words) != WORDS or not all(_is_word(word) for word in words):
        raise ValueError(f"`proof` is a list of {WORDS} decimal texts below 2^256")
    if not all(type(part) in (int, float) and 0 <= part < MOST_SECONDS for part in seconds):
        raise ValueError("`witness_seconds` and `proof_seconds` are numbers")
    return Made(tuple(map(int, words)), *map(float, seconds))


def encode_made(made: Made) -> dict[str, Any]:
    """A proof as it is published."""
    seconds = {"witness_seconds": made.witness_seconds, "proof_seconds": made.proof_seconds}
    return {"proof": [str(word) for word in made.proof], **seconds}


def _is_word(word: Any) -> bool:
    return isinstance(word, str) and word.isascii() and word.isdigit() and len(word) < 79 and int(word) < 2**256


def _encode(value: Signal) -> Any:
    return [_encode(item) for item in value] if isinstance(value, list) else str(value)


def _decode(value: Any) -> Signal:
    return [_decode(item) for item in value] if isinstance(value, list) else int(value)
