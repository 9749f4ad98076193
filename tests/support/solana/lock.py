"""A timelock on a Solana in process, and a bridge program that it governs. `owner` owns it, `setter` sets prices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.solana.founding import POLYGON, SLOTS_PER_DAY, SOL, SOLANA
from tests.support.solana.machine import LOADER, SYSTEM, Machine, Refused, key_of
from tests.support.solana.site import Site
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS, TokenId
from zklink.solana.client.timelock import Timelock, plan_call
from zklink.solana.interface import instructions as governed
from zklink.solana.interface.addresses import mint_seeds
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal
from zklink.solana.interface.timelock import accounts, instructions
from zklink.solana.interface.timelock.refusals import TimelockRefusal
from zklink.solana.interface.timelock.texts import ProposedCall
from zklink.solana.toolchain import build_timelock

LOCK_PROGRAM = key_of("timelock program")
PLANTED: list[bytes] = []
"""The timelock that a mutant is; the project's own where there is none."""
NOTED = 1
"""The kind of price that proposals of the tests set: what a note is."""
FORMS = {form.number: form for form in instructions.TIMELOCK_INSTRUCTIONS}

Reason = TimelockRefusal | Refusal | str


@dataclass
class Lock:
    """The timelock and what it governs. `watch` sees every call before it is sent; `figures` are compute units."""

    site: Site
    timelock: Timelock = field(default_factory=lambda: Timelock(bytes(LOCK_PROGRAM.pubkey())))
    watch: Callable[[Instruction, Call, Sequence[Keypair], Sequence[Call]], None] | None = None
    figures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owner, self.heir, self.setter, self.stranger = map(key_of, ("owner", "heir", "setter", "stranger"))
        self.deployer = key_of("timelock deployer")
        for key in (self.owner, self.heir, self.setter, self.stranger, self.deployer):
            self.machine.fund(key.pubkey())
        self.load(PLANTED[-1] if PLANTED else build_timelock())

    @property
    def machine(self) -> Machine:
        """The Solana that it is on."""
        return self.site.machine

    def load(self, code: bytes) -> None:
        """Put the program there as the loader keeps it; the deployer may still upgrade it."""
        load_program(self.machine, self.timelock.id, code, self.deployer.pubkey())

    # --- calls ---

    def send(self, call: Call, *signers: Keypair, refusal: Reason | None = None, before: Sequence[Call] = ()) -> None:
        """Send a call of the timelock; with `refusal`, see that it fails with that reason and nothing else."""
        form = FORMS[bytes(call.data)[0]]
        if self.watch and refusal is None:
            self.watch(form, call, signers, before)
        try:
            self.machine.send([*before, call], *signers)
        except Refused as error:
            if refusal is None or error.reason != refusal:
                raise
            return
        if refusal is not None:
            raise AssertionError(f"{form.name} was not refused, wanted: {refusal}")
        self.figures[form.name] = max(self.machine.units, self.figures.get(form.name, 0))

    def init(self, refusal: Reason | None = None, signer: Keypair | None = None, **changes: Any) -> None:
        """Make the timelock."""
        signer = signer or self.deployer
        values: dict[str, Any] = {"owner": self.owner.pubkey(), "program": self.site.id, "slots_per_day": SLOTS_PER_DAY}
        self.send(self.timelock.init(signer.pubkey(), **(values | changes)), signer, refusal=refusal)

    def propose(
        self,
        *calls: ProposedCall,
        signer: Keypair | None = None,
        payer: Keypair | None = None,
        refusal: Reason | None = None,
    ) -> int:
        """Propose calls; gives the number. The signer pays the rent if nobody else is named."""
        signer, number = signer or self.owner, int(self.state()["count"]) + 1
        payer = payer or signer
        call = self.timelock.propose(signer.pubkey(), payer.pubkey(), number, calls)
        self.send(call, signer, payer, refusal=refusal)
        return number

    def execute(self, number: int, *calls: ProposedCall, refusal: Reason | None = None) -> None:
        """Execute a proposal, by anybody."""
        self.send(self.timelock.execute(number, calls), refusal=refusal)

    def cancel(self, number: int, signer: Keypair | None = None, refusal: Reason | None = None) -> None:
        """Take a proposal back."""
        signer = signer or self.owner
        self.send(self.timelock.cancel(signer.pubkey(), number), signer, refusal=refusal)

    def act(self, call: Call, *more: Keypair, signer: Keypair | None = None, refusal: Reason | None = None) -> None:
        """Make a call at once, by the owner."""
        signer = signer or self.owner
        self.send(self.timelock.act(signer.pubkey(), call), signer, *more, refusal=refusal)

    def close_founding(self, signer: Keypair | None = None, refusal: Reason | None = None) -> None:
        """End the founding."""
        signer = signer or self.owner
        self.send(self.timelock.close_founding(signer.pubkey()), signer, refusal=refusal)

    def accept(self, signer: Keypair, refusal: Reason | None = None) -> None:
        """Become the owner."""
        self.send(self.timelock.accept_ownership(signer.pubkey()), signer, refusal=refusal)

    def price(
        self, price: int, kind: int = NOTED, signer: Keypair | None = None, refusal: Reason | None = None
    ) -> None:
        """Set a price, by the setter."""
        signer = signer or self.setter
        self.send(self.timelock.set_price(signer.pubkey(), self.site.id, kind, price), signer, refusal=refusal)

    def carry_out(self, *calls: ProposedCall) -> None:
        """Propose, wait, execute."""
        number = self.propose(*calls)
        self.wait(GROUP_DELAY_SECONDS)
        self.execute(number, *calls)

    # --- calls of the governed program ---

    def governed_call(self, form: Instruction, places: dict[str, Pubkey], **values: Any) -> Call:
        """A call of the bridge's program as its governor."""
        both = {"governor": self.timelock.address, "bridge": self.site.bridge, **places}
        return self.site.encode(form, both, form.encode(**values))

    def note_call(self, number: int, kind: int = NOTED) -> Call:
        """Notes a number, as a price."""
        return self.governed_call(governed.SET_PRICE, {}, kind=kind, price=number)

    def note(self, number: int, kind: int = NOTED) -> ProposedCall:
        """The same, to be proposed."""
        return plan_call(self.note_call(number, kind))

    def register_call(self, token: TokenId, payer: Pubkey, **changes: Any) -> Call:
        """Registers a token: SOL, or one that is elsewhere."""
        site = self.site
        mint = site.mints.get(token, SYSTEM)
        places = {"payer": payer, "token": site.token(token), "mint_mark": site.derive(mint_seeds(bytes(mint)))}
        places |= {"system_program": SYSTEM, **site.token_places(token)}
        here = 1 << SOLANA if token in site.mints else 0
        values = {"id": token, "chains": 1 << POLYGON | here, "layer2_decimals": 6, "minimum": 5, "cap": 10**12}
        return self.governed_call(governed.REGISTER_TOKEN, places, **(values | changes))

    def tighten(
        self,
        token: TokenId,
        minimum: int,
        cap: int,
        is_paused: int = 0,
        signer: Keypair | None = None,
        refusal: Reason | None = None,
    ) -> None:
        """Let less of a token in, by the owner."""
        signer = signer or self.owner
        place = self.site.token(token)
        call = self.timelock.tighten_token(signer.pubkey(), self.site.id, place, is_paused, minimum, cap)
        self.send(call, signer, refusal=refusal)

    def noted(self, kind: int = NOTED) -> int:
        """What was noted."""
        return int(self.site.state()["next_prices"][kind])

    # --- what it keeps, and time ---

    def state(self) -> dict[str, Any]:
        """The timelock's account."""
        return accounts.TIMELOCK.unpack(self.machine.data(self.timelock.address))

    def stage(self, number: int) -> int:
        """How a proposal stands; 0 where there is none."""
        data = self.machine.data(self.timelock.proposal(number))
        return int(accounts.PROPOSAL.unpack(data[: accounts.PROPOSAL.size])["stage"]) if data else 0

    def plant(self, **changes: Any) -> None:
        """Change what the timelock keeps."""
        place = self.timelock.address
        data = accounts.TIMELOCK.pack(**(self.state() | changes))
        self.machine.put(place, self.timelock.id, data, self.machine.lamports(place))

    def wait(self, seconds: int, slots: int | None = None) -> None:
        """Time passes, and as many slots as the windows need, or so many."""
        clock = self.machine.svm.get_clock()
        clock.unix_timestamp += seconds
        clock.slot += -(-seconds // DAY) * SLOTS_PER_DAY if slots is None else slots
        self.machine.svm.set_clock(clock)


def load_program(machine: Machine, program: Pubkey, code: bytes, authority: Pubkey) -> Pubkey:
    """Put a program there as the loader keeps it; gives where its code is."""
    machine.svm.add_program_with_loader(program, code, LOADER)
    place = Pubkey.find_program_address([bytes(program)], LOADER)[0]
    data = bytearray(machine.data(place))
    data[12:45] = b"\1" + bytes(authority)
    return machine.put(place, LOADER, bytes(data), 10**12)


def open_lock(is_founding: bool = False) -> Lock:
    """A timelock that governs a bridge with groups; its founding is over unless it `is_founding`."""
    return found_lock(Site(), is_founding)


def found_lock(site: Site, is_founding: bool = False) -> Lock:
    """The same, of a site that has nothing but its program yet."""
    site.put_keys()
    lock = Lock(site)
    lock.init()
    site.init(governor=bytes(lock.timelock.address))
    for group in Group:
        members = b"".join(bytes.fromhex(m[2:]) for m in site.groups.group(group).members)
        form = governed.FOUND_GROUP
        places = {"governor": lock.timelock.address, "bridge": site.bridge}
        lock.act(site.encode(form, places, form.encode(members, group=group, threshold=3)))
    if not is_founding:
        lock.close_founding()
    return lock


def play_lock(lock: Lock) -> None:
    """Each of its calls, of a site that has its keys and nothing else yet: init, a founding, prices, proposals made,
    taken back and executed, another owner.
    """
    lock.init()
    lock.site.init(governor=bytes(lock.timelock.address))
    lock.machine.fund(lock.timelock.purse, 10**9)
    lock.act(lock.register_call(SOL, lock.timelock.purse))
    lock.act(lock.timelock.set_setter(lock.setter.pubkey()))
    lock.act(lock.timelock.set_price_bounds(NOTED, 1, 1_000))
    lock.act(lock.note_call(10))
    lock.close_founding()
    lock.price(10)
    lock.tighten(SOL, 6, 10**11)
    calls = lock.note(11), plan_call(lock.timelock.set_owner(lock.heir.pubkey()))
    payer = key_of("somebody who pays")
    lock.machine.fund(payer.pubkey())
    number, other = lock.propose(*calls, payer=payer), lock.propose(lock.note(12), payer=payer)
    lock.cancel(other)
    lock.send(lock.timelock.close_proposal(payer.pubkey(), other), payer)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, *calls)
    lock.accept(lock.heir)
    assert lock.noted() == 11 and lock.state()["owner"] == bytes(lock.heir.pubkey())
