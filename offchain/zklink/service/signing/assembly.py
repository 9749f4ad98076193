"""Puts a signer together from its settings. Never starts anything."""

import time
from pathlib import Path

from zklink.files import read_file
from zklink.protocol.errors import SettingsInvalid
from zklink.service.assembly import check_chains, connect, load_key, read_deployment
from zklink.service.programs import check_programs, connect_programs
from zklink.service.settings.signer import SignerSettings
from zklink.service.signing.server import SignerService
from zklink.service.wiring import read_start
from zklink.signers import signer
from zklink.signers.bridge_reader import BridgeReader
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher
from zklink.storage.database import open_database
from zklink.storage.signer_words import SqlSignerJournal

LEAST_SECRET = 16


def assemble_signer(settings: SignerSettings, place: str) -> SignerService:
    """A signer with its port taken; `place` names the settings in errors. Raises SettingsInvalid, KeyFileInvalid,
    DeploymentRefused, HistoryDisagrees, WrongChain, RpcUnavailable, and what `open_database` raises.
    """
    deployment = read_deployment(settings.deployment)
    check_chains(settings.chains, deployment, place)
    check_programs(settings.programs, deployment, place)
    programs = connect_programs(settings.programs, deployment)
    secret = read_secret(settings.secret_file, place)
    key = load_key(settings.key, settings.passphrase_file)
    database = open_database(settings.database.url.get_secret_value(), deployment.deployment_hash)
    try:
        clients = connect(settings.chains, deployment, database)
        contracts = {c: BridgeReader(b, deployment.primary) for c, b in deployment.bridges(clients).items()}
        readers = {**contracts, **{chain: link.reader() for chain, link in programs.items()}}
        known = signer.Deployment(deployment.deployment_hash, deployment.primary, read_start(deployment, clients))
        role = Validator if settings.role == "validator" else Watcher
        own = role(key, known, readers, SqlSignerJournal(database, key.address), time.time)
        named = {deployment.places[chain].name: reader for chain, reader in readers.items()}
        service = SignerService(settings, own, secret, database, named, place, clients.values())
        for link in programs.values():
            service.metrics.rpc.add_meters(link.profile.name, link.meters())
        return service
    except BaseException:
        database.close()
        raise


def read_secret(path: Path, place: str) -> str:
    """What whoever asks must show. Raises SettingsInvalid for one that could be guessed, FileUnreadable."""
    secret = read_file(path).strip()
    if len(secret) < LEAST_SECRET:
        raise SettingsInvalid(place, "secret_file", f"the secret in it has fewer than {LEAST_SECRET} characters")
    return secret
