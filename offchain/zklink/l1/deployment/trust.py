"""What the users of a deployment trust, in words: takes its record and what its verifiers say of their keys. Pure."""

from collections.abc import Iterator

from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.rehearsal import KeyFacts
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    DAY,
    EXPIRY_SECONDS,
    GROUP_DELAY_SECONDS,
    SILENCE_SECONDS,
    TokenClass,
)


def describe_trust(dossier: Dossier, keys: KeyFacts) -> Iterator[str]:
    """A sentence each. The threat model has the whole table."""
    deployment = dossier.deployment
    validators, watchers = deployment.validators, deployment.watchers
    primary = deployment.chains[deployment.primary].name
    delay, expiry, silence = (seconds // DAY for seconds in (GROUP_DELAY_SECONDS, EXPIRY_SECONDS, SILENCE_SECONDS))
    if keys.development:
        yield (
            f"NOBODY CAN BE TRUSTED HERE: {', '.join(keys.development)} have development keys, whose secrets are "
            "published. Anybody can forge proofs and take everything that these chains hold"
        )
    else:
        hashes = ", ".join(f"0x{each.hex()}" for each in (keys.hashes.swap, keys.hashes.account, keys.hashes.exit))
        yield (
            f"The ceremony of the keys {hashes}: that there was one, which gives these (`zklink ceremony finish`), and "
            "that one of its contributors has destroyed what he drew"
        )
    yield (
        f"The validators, {validators.threshold} of {len(validators.members)}, and the watchers, {watchers.threshold} "
        f"of {len(watchers.members)}: together they could take everything; either group alone nothing, while the other "
        "two of validators, watchers and governor are awake"
    )
    yield f"The governor {deployment.governor}: whatever it admits, everybody sees {delay} days before"
    yield (
        f"The setter {dossier.setter}: it can make doors dearer, up to their bounds, with an hour's notice; it cannot "
        "change what was paid"
    )
    yield (
        f"The operator with nothing but time: if it answers no request for {expiry} days, or {primary} takes no block "
        f"for {silence}, everybody can leave by proof"
    )
    yield f"The chains themselves, above all the primary {primary}, and their nodes that you ask"
    yield from _describe_programs(dossier, delay)
    yield from _describe_found(dossier)
    yield from _describe_tokens(dossier)


def _describe_programs(dossier: Dossier, delay: int) -> Iterator[str]:
    for k, terms in dossier.programs.items():
        name = dossier.deployment.programs[k].name
        upgrade = "nobody replaces the program" if terms.is_final else "it can replace the program in the same way"
        yield (
            f"On {name} the owner of the timelock, {terms.owner}: whatever it admits, everybody sees {delay} days "
            f"before; {upgrade}"
        )
        yield f"On {name} the setter {terms.setter}: it can make doors dearer, as elsewhere"


def _describe_found(dossier: Dossier) -> Iterator[str]:
    """The contracts of others that bridges and entries call: nothing compares their code."""
    for k, chain in dossier.deployment.chains.items():
        found = {"wrapped coin": dossier.terms[k].wrapped, "Permit2": chain.permit2}
        named = [f"the {what} at {address}" for what, address in found.items() if int(address, 16)]
        if named:
            yield f"On {chain.name} {' and '.join(named)}: compare the addresses with those that everybody knows"


def _describe_tokens(dossier: Dossier) -> Iterator[str]:
    chains = dossier.deployment.places
    for token in dossier.deployment.tokens:
        places = [chains[k].name for k, address in token.contracts.items() if not chains[k].is_coin(address)]
        if not places:
            continue
        said = ", ".join(str(bit.name).lower().replace("_", " ") for bit in TokenClass if bit & token.token_class)
        cap = "without a cap" if token.cap >= CUSTODY_LIMIT else f"at most {token.cap} units a chain"
        yield f"The issuer of {token.symbol} on {', '.join(places)}{f' ({said})' if said else ''}: {cap}"
