"""What tells one failure from another while it is made smaller: the kind of error, and the line of the user's that
raised it.

Takes exceptions; gives texts to compare.
"""

import traceback
from pathlib import Path
from typing import Final

from zklink.lab.errors import LabError

_HERE: Final = str(Path(__file__).resolve().parent)


def name_cause(error: BaseException) -> str:
    """The same for two failures with the same cause."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_HERE)]
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    said = str(error) if isinstance(error, LabError) else ""
    line = f"{own[-1].filename}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__} {said} {line}"
