"""Which extra of the distribution brings a package: takes what was not found, gives an error that names the extra."""

from typing import Final

from zklink.protocol.errors import ExtraMissing

OF_LAB: Final = frozenset({"hypothesis", "pyrevm", "pytest"})
OF_SOLANA: Final = frozenset({"solders", "ziglang"})
OF_APE: Final = frozenset({"ape", "ape_ethereum", "ape_foundry", "eth_tester", "ethpm_types", "eth"})


def name_missing(error: ModuleNotFoundError) -> ExtraMissing:
    """The extra that has a module which is not there. Raises the error itself if the module is of this package."""
    module = (error.name or "").partition(".")[0]
    if module == "zklink":
        raise error
    extras = {"lab": OF_LAB, "ape": OF_APE, "solana": OF_SOLANA}
    extra = next((extra for extra, modules in extras.items() if module in modules), "node")
    return ExtraMissing(extra, f"this command ({module} is not there)")
