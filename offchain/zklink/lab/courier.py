"""Who carries what contracts on one chain say to contracts on another: honest, and at the mercy of faults.

Takes routes: an event of a contract, and what to call for it elsewhere. Every message is carried once; one whose
delivery a reorganisation takes back is carried again. Faults delay, lose, repeat, reorder, forge and censor. Time is
rounds; nothing waits, and nothing is drawn by chance.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from web3.contract import Contract

from zklink.lab.accounts import ACCOUNT_COUNT, funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.committee import Committee
from zklink.lab.courier_state import Deliver, Delivery, Flight, Only, Route, State, Trouble
from zklink.lab.errors import NoSuchWay
from zklink.lab.messages import EventReader, Message
from zklink.lab.raw_reads import has_logs, read_block_hash, read_height
from zklink.lab.sending import Sent
from zklink.lab.story import Story

CARRIER: Final = funded_account(ACCOUNT_COUNT - 2).address
"""The honest courier's account; a contract may trust it."""

STRANGER: Final = funded_account(ACCOUNT_COUNT - 3).address
"""Who brings what is forged."""

ARRIVED: Final = "arrived"


class Courier:
    """The routes of a world, and what is under way on them."""

    def __init__(self, story: Callable[[], Story]) -> None:
        self._story = story
        self.routes: list[Route] = []
        self.state = State()
        self.people: dict[str, str] = {}
        """Who has an address, in small letters: the story tells messages with their names."""

    # -- routes --------------------------------------------------------------------------------------------------

    def carry(
        self,
        source: LocalChain,
        contract: Contract | str,
        event: str,
        destination: LocalChain,
        deliver: Deliver,
        *,
        confirmations: int = 1,
        rounds: int = 1,
        committee: Committee | None = None,
        digest: Callable[[Message], bytes] | None = None,
        only: Only | None = None,
    ) -> Route:
        """Carry an event from now on: by its name if `contract` has an ABI, by its whole signature if it is an
        address. What was said before is not carried, nor what `only` does not take: it gets an event's values.
        """
        reader = EventReader.of(source.w3, contract, event)
        route = Route(source, destination, reader, deliver, confirmations, rounds, committee, digest)
        if only is not None:
            route = replace(route, only=only)
        self.routes.append(route)
        self.state.seen[len(self.routes) - 1] = [_block(source, read_height(source))]
        self.state.troubles.setdefault(route.way, Trouble())
        return route

    def ways(self) -> tuple[str, ...]:
        """The ways there are."""
        return tuple(dict.fromkeys(route.way for route in self.routes))

    def trouble(self, way: str) -> Trouble:
        """What faults do to a way. Raises NoSuchWay."""
        if way not in self.ways():
            raise NoSuchWay(way, self.ways())
        return self.state.troubles[way]

    # -- what has become of messages -----------------------------------------------------------------------------

    def arrived(self, way: str = "") -> list[Message]:
        """Messages that were brought and accepted, on one way or all."""
        return [e.message for e in self.state.deliveries if e.outcome == ARRIVED and way in ("", e.message.way)]

    def refused(self, way: str = "") -> list[tuple[Message, str]]:
        """Messages that a contract has refused, with its reasons."""
        ended = [e for e in self.state.deliveries if e.outcome not in ("", ARRIVED) and way in ("", e.message.way)]
        return [(each.message, each.outcome) for each in ended]

    def is_idle(self) -> bool:
        """Whether nothing is under way, and no event waits for its confirmations."""
        if self.state.flights or not all(each.outcome for each in self.state.deliveries):
            return False
        return not any(self._is_awaited(place, route) for place, route in enumerate(self.routes))

    def _is_awaited(self, place: int, route: Route) -> bool:
        first, last = self.state.seen[place][-1][0] + 1, read_height(route.source)
        if first > last:
            return False
        if not route.source.is_py_evm:
            return has_logs(route.source, route.reader.address, route.reader.topic, first, last)
        asked: Any = {"address": route.reader.address, "fromBlock": first, "topics": [route.reader.topic]}
        return bool(route.source.w3.eth.get_logs(asked))

    def take(self, way: str) -> list[Message]:
        """What is under way on one way, taken out of the courier's hands: a test brings it itself."""
        taken = [flight for flight in self.state.flights if flight.route.way == way]
        self.state.flights = [flight for flight in self.state.flights if flight.route.way != way]
        return [flight.message for flight in taken]

    # -- a round -------------------------------------------------------------------------------------------------

    def bring(self) -> None:
        """Before the blocks of a round: bring what is due."""
        now = self._story().round
        due = [flight for flight in self.state.flights if flight.due <= now]
        turned: list[Flight] = []
        for flight in due:
            trouble = self.state.troubles[flight.route.way]
            if now <= trouble.turned_until or trouble.is_held(flight.message, now):
                continue
            if trouble.turned_until:
                turned.append(flight)
            else:
                self._bring(flight)
        for flight in reversed(turned):
            self._bring(flight)
        for trouble in self.state.troubles.values():
            if now > trouble.turned_until:
                trouble.turned_until = 0

    def look(self) -> None:
        """After the blocks of a round: see what has become of deliveries, and what is new."""
        for delivery in list(self.state.deliveries):
            self._follow(delivery)
        for place, route in enumerate(self.routes):
            self._collect(place, route)

    def forge(self, way: str, which: int, by: int) -> None:
        """A stranger brings the last message of a way once more with a number changed, now. Raises NoSuchWay."""
        self.trouble(way)
        if way not in self.state.last:
            self._story().tell_fault(way, "a stranger finds nothing to forge yet")
            return
        route, original = self.state.last[way]
        forged = original.forge(which, by, STRANGER)
        strangers = None if route.committee is None else route.committee.strangers()
        self._story().tell_fault(way, f"a stranger brings {forged}: {self._show(forged)}")
        self._bring(Flight(route, route.sign(forged, strangers), self._story().round))

    def _bring(self, flight: Flight) -> None:
        if flight in self.state.flights:
            self.state.flights.remove(flight)
        message = flight.message
        sent = Sent(flight.route.destination, flight.route.deliver(message), message.carrier, str(message))
        if sent.offer(self._story()):
            self.state.deliveries.append(Delivery(flight.route, message, sent))
        else:
            self.state.flights.append(replace(flight, due=self._story().round + 1))

    def _follow(self, delivery: Delivery) -> None:
        mined, chain = delivery.sent.outcome(), delivery.route.destination
        if mined is None:
            delivery.outcome = ""
            if delivery.sent.tx_hash not in chain.waiting():
                self._story().tell(chain.name, f"the delivery of {delivery.message} is gone, and is made again")
                self.state.deliveries.remove(delivery)
                self.state.flights.append(Flight(delivery.route, delivery.message, self._story().round + 1))
            return
        known = delivery.outcome if delivery.outcome != ARRIVED else ""
        outcome = ARRIVED if mined[0] else known or delivery.sent.reason()
        if outcome != delivery.outcome:
            delivery.outcome = outcome
            is_known = any(each is not delivery and _is_same(each, delivery) for each in self.state.deliveries)
            arrives = "arrives again" if is_known else "arrives"
            said = arrives if outcome == ARRIVED else f"is refused: {outcome}"
            self._story().tell(chain.name, f"{delivery.message} {said}")

    def _collect(self, place: int, route: Route) -> None:
        seen, chain = self.state.seen[place], route.source
        while len(seen) > 1 and not _is_there(chain, *seen[-1]):
            seen.pop()
        last = read_height(chain) - route.confirmations + 1
        places: dict[str, int] = {}
        first = seen[-1][0] + 1
        if last < first:
            return
        query: Any = {
            "address": route.reader.address,
            "topics": [route.reader.topic],
            "fromBlock": first,
            "toBlock": last,
        }
        is_there = has_logs(chain, route.reader.address, route.reader.topic, first, last)
        for log in chain.w3.eth.get_logs(query) if is_there else ():
            tx_hash = f"0x{bytes(log['transactionHash']).hex()}"
            places[tx_hash] = places.get(tx_hash, -1) + 1
            self._depart(place, route, log, tx_hash, places[tx_hash])
        seen.extend(_block(chain, number) for number in range(first, last + 1))

    def _depart(self, place: int, route: Route, log: Any, tx_hash: str, index: int) -> None:
        if (place, tx_hash, index) in self.state.known:
            return
        self.state.known.add((place, tx_hash, index))
        args, source = route.reader.read(log), route.reader.address
        if not route.only(args):
            return
        way, name = route.way, route.reader.name
        self.state.counts[way] = number = self.state.counts.get(way, 0) + 1
        message = route.sign(Message(way, name, number, args, source, tx_hash, index, CARRIER), route.committee)
        self.state.last[way] = route, message
        story, trouble, due = self._story(), self.state.troubles[way], self._story().round + route.rounds
        story.tell(way, f"{message}: {self._show(message)}")
        if trouble.losses:
            trouble.losses -= 1
            story.tell_fault(way, f"{message} is lost")
            return
        if trouble.delays:
            late = trouble.delays.pop(0)
            due += late
            story.tell_fault(way, f"{message} is {_rounds(late)} late")
        if trouble.copies:
            later = trouble.copies.pop(0)
            story.tell_fault(way, f"{message} is carried twice")
            self.state.flights.append(Flight(route, message, due + later))
        self.state.flights.append(Flight(route, message, due))

    def _show(self, message: Message) -> str:
        shown = {name: self.people.get(str(value).lower()) or _short(value) for name, value in message.args.items()}
        return ", ".join(f"{name} {value}" for name, value in shown.items())


def _is_same(one: Delivery, other: Delivery) -> bool:
    """Whether both brought the same message, and the first did arrive."""
    return one.outcome == ARRIVED and (one.route, str(one.message)) == (other.route, str(other.message))


def _block(chain: LocalChain, number: int) -> tuple[int, bytes]:
    return number, read_block_hash(chain, number) or b""


def _is_there(chain: LocalChain, number: int, block_hash: bytes) -> bool:
    return read_block_hash(chain, number) == block_hash


def _short(value: Any) -> str:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 12 else f"{text[:8]}.."


def _rounds(count: int) -> str:
    return "1 round" if count == 1 else f"{count} rounds"
