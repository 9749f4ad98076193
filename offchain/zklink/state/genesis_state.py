"""The state that a deployment starts from: only the operator's account (docs/protocol.md, section 3, "Genesis").

Takes and gives JSON text; never touches a file.
"""

import json
from dataclasses import dataclass

from zklink.protocol.addresses import ADDRESS_BYTES, ZERO_ADDRESS
from zklink.protocol.errors import GenesisInvalid, UnknownPreset
from zklink.protocol.ids import OPERATOR_ACCOUNT
from zklink.protocol.presets import get_preset
from zklink.state.state import State


@dataclass(frozen=True, slots=True)
class Genesis:
    """The preset's name and the owner of account 0 (32 bytes). `state` and `from_json` check it."""

    preset: str
    operator: bytes

    def state(self) -> State:
        """The state before block 1; GenesisInvalid or UnknownPreset."""
        if len(self.operator) != ADDRESS_BYTES or self.operator == ZERO_ADDRESS:
            raise GenesisInvalid(f"operator 0x{self.operator.hex()} is not a non-zero address of {ADDRESS_BYTES} bytes")
        state = State(get_preset(self.preset))
        state.set_owner(OPERATOR_ACCOUNT, self.operator)
        return state

    @property
    def root(self) -> int:
        """The root before block 1; GenesisInvalid or UnknownPreset."""
        return self.state().root

    def to_json(self) -> str:
        """The published form; `from_json` reads it back."""
        return json.dumps({"preset": self.preset, "operator": f"0x{self.operator.hex()}"}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Genesis":
        """Read the published form; GenesisInvalid if it is malformed or cannot be."""
        try:
            data = json.loads(text)
            preset, operator = data["preset"], data["operator"]
            if data.keys() != {"preset", "operator"} or not operator.startswith("0x"):
                raise ValueError("it has exactly a preset's name and an operator in hexadecimal, with 0x")
            genesis = cls(preset, bytes.fromhex(operator[2:]))
            genesis.state()
        except (ValueError, KeyError, TypeError, AttributeError, UnknownPreset) as error:
            raise GenesisInvalid(f"malformed: {error}") from error
        return genesis
