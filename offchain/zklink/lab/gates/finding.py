"""One place of a project that does not pass a gate."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where. `place` is a file below the project's folder, `line` counts from 1; 0 is the whole
    file.
    """

    gate: str
    place: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.place}:{self.line}" if self.line else self.place
        return f"{where} {self.gate}: {self.text}"

    def to_json(self) -> dict[str, str | int]:
        """The same as an object."""
        return asdict(self)
