"""What can be wrong with a project that the laboratory looks at."""

from dataclasses import dataclass

from zklink.lab.errors.base import LabError


@dataclass(eq=False)
class NoSuchGate(LabError):
    """There is no gate of this name. `names` are those there are.
    Do: Use one of `names`.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"no gate is called {self.name}; there are {', '.join(self.names)}"


@dataclass(eq=False)
class NoSuchPromise(LabError):
    """The page has no promise of this name. `names` are those there are.
    Do: Use one of `names`.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"no promise is called {self.name}; there are {', '.join(self.names)}"


@dataclass(eq=False)
class PackageUnavailable(LabError):
    """A package of npm cannot be had, or is not the one that was expected.
    Do: Read `detail`: npm must be there and reach its registry.
    """

    package: str
    detail: str

    def __str__(self) -> str:
        return f"{self.package}: {self.detail}"


@dataclass(eq=False)
class ProjectUnusable(LabError):
    """A folder is no project that can be looked at, or its settings are none.
    Do: Correct what `detail` names; settings stand in pyproject.toml under `[tool.zklink.lab]`.
    """

    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.detail}"
