"""JSON that came from outside: decoded only if it is not nested too deeply."""

from typing import Any

import msgspec

from zklink.protocol.errors import RequestRefused


def decode_json(body: bytes, depth: int) -> Any:
    """The JSON value in a body. Raises RequestRefused: malformed, too_deep."""
    check_depth(body, depth)
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefused("malformed", f"the body is no JSON: {error}") from error


def check_depth(body: bytes, depth: int) -> None:
    """Raise RequestRefused if brackets outside of texts are nested deeper than `depth`; looks at nothing else."""
    level, is_text, is_escaped = 0, False, False
    if body.count(b"[") + body.count(b"{") <= depth:
        return
    for byte in body:
        if is_text:
            if is_escaped:
                is_escaped = False
            elif byte == 0x5C:
                is_escaped = True
            elif byte == 0x22:
                is_text = False
        elif byte == 0x22:
            is_text = True
        elif byte in b"[{":
            level += 1
            if level > depth:
                raise RequestRefused("too_deep", f"JSON may be nested {depth} levels deep")
        elif byte in b"]}":
            level -= 1
