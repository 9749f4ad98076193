"""The file that a Safe's Transaction Builder takes: calls that its owners sign together, on one chain.

Takes calls, a Safe and a time; gives JSON (version 1.0 of the builder's batches: `to`, `value` and `data` as text, and
no method, since the bytes stand there whole). Pure.
"""

import json
from collections.abc import Sequence
from typing import Final

from eth_utils import to_checksum_address

from zklink.l1.transport.submission import Call

VERSION: Final = "1.0"
BUILDER: Final = "1.16.5"
"""The builder whose format it is."""


def encode_safe_file(
    evm_chain_id: int, safe: str, calls: Sequence[Call], name: str, description: str, made_at: int
) -> str:
    """The batch as JSON; `made_at` in UNIX seconds."""
    batch = {
        "version": VERSION,
        "chainId": str(evm_chain_id),
        "createdAt": made_at * 1_000,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": BUILDER,
            "createdFromSafeAddress": to_checksum_address(safe),
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": to_checksum_address(str(call.to)),
                "value": "0",
                "data": f"0x{call.data.hex()}",
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    return json.dumps(batch, indent=2) + "\n"
