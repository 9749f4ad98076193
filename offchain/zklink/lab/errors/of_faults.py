"""What can be wrong with faults, plans of them, and machines."""

from dataclasses import dataclass

from zklink.lab.errors.base import LabError


@dataclass(eq=False)
class ContractUnusable(LabError):
    """A file gives no contract, or a contract is not deployed.
    Do: Correct what `reason` names.
    """

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(eq=False)
class FaultUnavailable(LabError):
    """Chains of this kind have no such fault. `backends` says which have it.
    Do: Choose one of `backends`, or leave the fault out.
    """

    chain: str
    fault: str
    backends: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.fault} needs chains made of {self.backends}"


@dataclass(eq=False)
class FolderTaken(LabError):
    """A new project is to be written where something is already.
    Do: Name a folder that does not exist yet, or is empty.
    """

    folder: str

    def __str__(self) -> str:
        return f"{self.folder} is not empty: name a folder that does not exist yet"


@dataclass(eq=False)
class MachineUnusable(LabError):
    """A machine's class cannot be played as it is.
    Do: Do what `reason` says.
    """

    machine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.machine} {self.reason}"


@dataclass(eq=False)
class MutantUnusable(LabError):
    """A mutant cannot be planted, or its tests cannot be run.
    Do: Correct what `reason` names.
    """

    mutant: str
    reason: str

    def __str__(self) -> str:
        return f"{self.mutant}: {self.reason}"


@dataclass(eq=False)
class NeverCame(LabError):
    """Something did not happen within the rounds given.
    Do: Read the story for what stands in its way, or give it more rounds.
    """

    what: str
    rounds: int

    def __str__(self) -> str:
        return f"{self.what}: not within {self.rounds} rounds"


@dataclass(eq=False)
class NoSuchScenario(LabError):
    """The suite has no scenario of this name. `names` are those there are.
    Do: Use one of `names`.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"no scenario is called {self.name}; there are {', '.join(self.names)}"


@dataclass(eq=False)
class NotForThisBridge(LabError):
    """The bridge's adapter says that this scenario means nothing for it. `why` is what it says.
    Do: Play another one; `list_played` names them.
    """

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} means nothing for this bridge: {self.why}"


@dataclass(eq=False)
class NoSuchWay(LabError):
    """Nothing is carried between these chains. `names` are the ways there are.
    Do: Use one of `names`, or tell the courier of a route first.
    """

    name: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"nothing is carried {self.name}; there are {', '.join(self.names) or 'no ways yet'}"


@dataclass(eq=False)
class PlanInapplicable(LabError):
    """A plan cannot be played as it is.
    Do: Correct what `reason` names.
    """

    fault: str
    reason: str

    def __str__(self) -> str:
        return f"{self.fault} cannot be played: {self.reason}"


@dataclass(eq=False)
class ReplayUnusable(LabError):
    """A file cannot be played again.
    Do: Correct what `reason` names, or run without the file.
    """

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} cannot be played again: {self.reason}"


@dataclass(eq=False)
class StepsNeverDone(LabError):
    """No example of a machine carried out these steps, so it says nothing about them.
    Do: Loosen the steps' conditions, give them more weight, or play more or longer examples.
    """

    machine: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        advice = "loosen their conditions, give them more weight, or play more examples"
        return f"{self.machine} never succeeded in {', '.join(self.names)}: {advice}"


@dataclass(eq=False)
class UnknownTransaction(LabError):
    """A reorganisation is told to bring back a transaction that it does not remove.
    Do: Name transactions of the blocks that it takes away.
    """

    tx_hash: str

    def __str__(self) -> str:
        return f"no transaction in the blocks that go is {self.tx_hash}"
