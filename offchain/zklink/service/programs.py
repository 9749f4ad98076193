"""The chains of a deployment whose bridge is a program: that the settings have them, and the way to them."""

from collections.abc import Mapping

from zklink.l1.deployment.records import Deployment
from zklink.protocol.errors import ExtraMissing, SettingsInvalid
from zklink.service.settings.model import ProgramSettings
from zklink.service.wiring import NO_PROGRAMS, Programs


def check_programs(programs: Mapping[str, ProgramSettings], deployment: Deployment, place: str) -> None:
    """Raise SettingsInvalid unless the settings have just the deployment's programs."""
    names = {program.name for program in deployment.programs.values()}
    for name in programs:
        if name not in names:
            known = ", ".join(sorted(names)) or "none"
            raise SettingsInvalid(place, f"programs.{name}", f"the deployment's programs are: {known}")
    for name in sorted(names - set(programs)):
        raise SettingsInvalid(place, f"programs.{name}", "the deployment has this program, and no node of it is given")


def connect_programs(settings: Mapping[str, ProgramSettings], deployment: Deployment) -> Programs:
    """A link per chain of the deployment whose bridge is a program. Raises ExtraMissing, KeyFileInvalid,
    FileUnreadable, WrongChain, HistoryDisagrees, RpcUnavailable.
    """
    if not deployment.programs:
        return NO_PROGRAMS
    try:
        from zklink.service import program_connecting  # of the extra `solana`
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    return program_connecting.connect_programs(settings, deployment)
