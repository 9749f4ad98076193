"""Shows that a circuit's inputs leave its prover nothing to choose: every other wire follows from them in one way.

Takes a constraint system and the values of the inputs; gives the values of all wires that the rows force. It guesses
nothing and sees no hint: a wire is known once one row leaves it one value, once the integer bounds of linear rows meet,
or once its other value is refuted. A wire that is left is one that a dishonest prover might choose, alone or together
with any other wires. Meant for circuits compiled without optimization, whose rows go from inputs to outputs.
"""

from collections import deque
from collections.abc import Mapping

from tests.support.r1cs import Checker, Entries
from zklink.primitives.field import R

Row = tuple[Entries, Entries, Entries]
Form = dict[int, int]
"""Wire to coefficient; wire 0 is the constant."""
Range = tuple[int, int]
"""Integers of which a wire is one, modulo R."""
BIT: Range = (0, 1)
_FEW = 5  # so many bits of a row are tried in all combinations


class Contradiction(Exception):
    """Nothing satisfies the rows."""


class System:
    """The rows of a circuit, to derive from more than once. Wires that a row says are equal are one."""

    def __init__(self, checker: Checker) -> None:
        given = checker.list_rows()
        self.same = _join_equals(checker.wire_count, given)
        self.rows: list[tuple[Form, Form, Form]] = []
        self.rows_of: list[list[tuple[int, int]]] = [[] for _ in range(checker.wire_count)]
        for entries in given:
            a, b, c = (self._merge(side) for side in entries)
            number = len(self.rows)
            self.rows.append((a, b, c))
            for wire in (a.keys() | b.keys() | c.keys()) - {0}:
                self.rows_of[wire].append((number, (wire in a) + 2 * (wire in b)))

    def derive(self, inputs: Mapping[int, int]) -> dict[int, int]:
        """Every wire that the inputs force. Raises Contradiction if nothing satisfies the rows."""
        derivation = _Derivation(self)
        for wire, value in {0: 1, **inputs}.items():
            derivation.learn(self.same[wire], value)
        derivation.run()
        values = derivation.values
        return {wire: values[other] for wire, other in enumerate(self.same) if other in values}

    def _merge(self, entries: Entries) -> Form:
        same = self.same
        form = {same[wire]: coefficient for wire, coefficient in entries}
        if len(form) == len(entries):
            return form
        form = {}
        for wire, coefficient in entries:
            form[same[wire]] = form.get(same[wire], 0) + coefficient
        return {wire: coefficient % R for wire, coefficient in form.items() if coefficient % R}


def _join_equals(wire_count: int, rows: list[Row]) -> list[int]:
    """Per wire, the one that stands for it."""
    same = list(range(wire_count))

    def find(wire: int) -> int:
        while same[wire] != wire:
            same[wire] = same[same[wire]]
            wire = same[wire]
        return wire

    for a, b, c in rows:
        if len(c) == 2 and (not a or not b) and c[0][0] and c[1][0] and (c[0][1] + c[1][1]) % R == 0:
            same[find(c[0][0])] = find(c[1][0])
    return [find(wire) for wire in range(wire_count)]


class _Derivation:
    def __init__(self, system: System) -> None:
        self.system = system
        self.values: dict[int, int] = {}
        self.ranges: dict[int, Range] = {}
        self.unknown = [len((a.keys() | b.keys() | c.keys()) - {0}) for a, b, c in system.rows]
        self.factors = [[len(row[side].keys() - {0}) for row in system.rows] for side in (0, 1)]
        self.ready: deque[int] = deque(row for row, count in enumerate(self.unknown) if count == 1)
        self.trail: list[int] = []
        self.touched: dict[int, None] = {}

    def run(self) -> None:
        """Until nothing more follows."""
        self._propagate()
        while self._probe():
            pass

    def learn(self, wire: int, value: int) -> None:
        """The wire has this value."""
        if wire in self.values:
            if self.values[wire] != value:
                raise Contradiction
            return
        self.values[wire] = value
        self.trail.append(wire)
        for row, sides in self.system.rows_of[wire]:
            self.unknown[row] -= 1
            closed = False
            for side in (0, 1):
                if sides >> side & 1:
                    self.factors[side][row] -= 1
                    closed = closed or self.factors[side][row] == 0
            if self.unknown[row] <= 1 or closed:
                self.ready.append(row)
            else:
                self.touched[row] = None

    def _propagate(self) -> None:
        while self.ready or self.touched:
            if self.ready:
                self._settle(self.ready.popleft())
            else:
                row = next(iter(self.touched))
                del self.touched[row]
                if self.unknown[row] > 1:
                    self._bound(row)

    def _reduce(self, row: int) -> tuple[Form, Form, Form]:
        """The row with what is known put in; without its product where a factor is 0."""
        reduced = []
        for entries in self.system.rows[row]:
            form: Form = {}
            constant = 0
            for wire, coefficient in entries.items():
                value = self.values.get(wire)
                if value is None:
                    form[wire] = coefficient
                else:
                    constant += coefficient * value
            if constant := constant % R:
                form[0] = constant
            reduced.append(form)
        a, b, c = reduced
        return (a, b, c) if a and b else ({}, {}, c)

    def _settle(self, row: int) -> None:
        """A row in which at most one wire matters: a polynomial of degree at most 2 in it."""
        a, b, c = self._reduce(row)
        wires = (a.keys() | b.keys() | c.keys()) - {0}
        if len(wires) > 1:
            self.touched[row] = None
            return
        rest = (a.get(0, 0) * b.get(0, 0) - c.get(0, 0)) % R
        wire = next(iter(wires), -1)
        square = a.get(wire, 0) * b.get(wire, 0) % R
        slope = (a.get(0, 0) * b.get(wire, 0) + a.get(wire, 0) * b.get(0, 0) - c.get(wire, 0)) % R
        if square == 0 and slope:
            self.learn(wire, -rest * pow(slope, -1, R) % R)
        elif square == 0 and rest:
            raise Contradiction
        elif square and rest == 0 and (slope + square) % R == 0 and self.ranges.get(wire) != BIT:
            self.ranges[wire] = BIT
            self.touched.update(dict.fromkeys(other for other, _ in self.system.rows_of[wire]))

    def _narrow(self, wire: int, allowed: Range) -> None:
        """The wire is one of these integers as well."""
        least, most = known = self.ranges.get(wire, allowed)
        least, most = max(least, allowed[0]), min(most, allowed[1])
        if least > most:
            raise Contradiction
        if least == most:
            self.learn(wire, least % R)
        elif wire not in self.ranges or 2 * (most - least) <= known[1] - known[0]:
            self.ranges[wire] = least, most
            self.touched.update(dict.fromkeys(row for row, _ in self.system.rows_of[wire]))

    # -- bounds --------------------------------------------------------------------------------------------------------

    def _bound(self, row: int) -> None:
        """A row of which at most one unknown wire is not bounded."""
        wires = {wire for form in self.system.rows[row] for wire in form if wire and wire not in self.values}
        free = [wire for wire in wires if wire not in self.ranges]
        if len(free) > 1:
            return
        a, b, c = self._reduce(row)
        if len(wires) <= _FEW and all(self.ranges.get(wire) == BIT for wire in wires):
            self._enumerate(sorted(wires), a, b, c)
        elif not (a.keys() | b.keys()) - {0} or not a.keys() - {0} or not b.keys() - {0}:
            factor, form = (a.get(0, 0), b) if not a.keys() - {0} else (b.get(0, 0), a)
            equation = {wire: (form.get(wire, 0) * factor - c.get(wire, 0)) % R for wire in form.keys() | c.keys()}
            self._solve({wire: coefficient for wire, coefficient in equation.items() if coefficient}, free)

    def _enumerate(self, wires: list[int], a: Form, b: Form, c: Form) -> None:
        """The bits that are the same in all combinations that the row allows."""
        allowed: list[int] = []
        for choice in range(1 << len(wires)):
            chosen = {wire: choice >> i & 1 for i, wire in enumerate(wires)} | {0: 1}
            x, y, z = (sum(form[wire] * chosen[wire] for wire in form) for form in (a, b, c))
            if (x * y - z) % R == 0:
                allowed.append(choice)
        if not allowed:
            raise Contradiction
        for i, wire in enumerate(wires):
            if len(seen := {choice >> i & 1 for choice in allowed}) == 1:
                self.learn(wire, seen.pop())

    def _solve(self, equation: Form, free: list[int]) -> None:
        """A linear equation of bounded integers, but for one at most."""
        constant = equation.pop(0, 0)
        wires = list(equation)
        if not wires or (len(wires) == 1 and not free):
            return
        if free:
            factor = -pow(equation.pop(free[0]), -1, R)
            terms = [(_sign(c * factor % R), *self.ranges[wire]) for wire, c in equation.items()]
            least, most = (_sign(constant * factor % R) + end for end in _sum_up(terms))
            if most - least < R // 2:
                self._narrow(free[0], (least, most))
            return
        scaled = _scale([(equation[wire], *self.ranges[wire]) for wire in wires])
        if scaled is None:
            return
        factor, terms = scaled
        least, most = _sum_up(terms)
        first = (-constant * factor - least) % R + least
        solutions = [found for target in range(first, most + 1, R) if (found := _decide(terms, target)) is not None]
        if not solutions:
            raise Contradiction
        for place, wire in enumerate(wires):
            ends = [solution[place] for solution in solutions]
            self._narrow(wire, (min(least for least, _ in ends), max(most for _, most in ends)))

    # -- refutation ----------------------------------------------------------------------------------------------------

    def _probe(self) -> bool:
        """Refutes one value of a bit. Whether there was one."""
        for wire in sorted(wire for wire, ends in self.ranges.items() if ends == BIT and wire not in self.values):
            for value in BIT:
                if self._is_refuted(wire, value):
                    self.learn(wire, 1 - value)
                    self._propagate()
                    return True
        return False

    def _is_refuted(self, wire: int, value: int) -> bool:
        length, ranges = len(self.trail), dict(self.ranges)
        try:
            self.learn(wire, value)
            self._propagate()
        except Contradiction:
            return True
        finally:
            self._forget(length)
            self.ranges = ranges
        return False

    def _forget(self, length: int) -> None:
        """Back to what was known then."""
        while len(self.trail) > length:
            wire = self.trail.pop()
            del self.values[wire]
            for row, sides in self.system.rows_of[wire]:
                self.unknown[row] += 1
                for side in (0, 1):
                    self.factors[side][row] += sides >> side & 1
        self.ready.clear()
        self.touched.clear()


Term = tuple[int, int, int]
"""Coefficient, and the ends of what it multiplies."""


def _sign(value: int) -> int:
    return value - R if value > R // 2 else value


def _sum_up(terms: list[Term]) -> Range:
    """The ends of a sum."""
    ends = [sorted((c * least, c * most)) for c, least, most in terms]
    return sum(least for least, _ in ends), sum(most for _, most in ends)


def _scale(terms: list[Term]) -> tuple[int, list[Term]] | None:
    """The factor that makes the coefficients the smallest integers, and the terms with them; None if a sum wraps."""
    narrowest, best = 2 * R, None
    for unit, _, _ in terms:
        factor, width = pow(unit, -1, R), 0
        scaled: list[Term] = []
        for coefficient, least, most in terms:
            size = _sign(coefficient * factor % R)
            width += abs(size) * (most - least)
            if width >= narrowest:
                break
            scaled.append((size, least, most))
        else:
            narrowest, best = width, (factor, scaled)
            if width < 1 << 200:
                break
    return best


def _decide(terms: list[Term], target: int) -> list[Range] | None:
    """The ends of each part of a sum that is the target; None if it cannot be."""
    least, most = _sum_up(terms)
    found: list[Range] = [(low, high) for _, low, high in terms]
    for place in sorted(range(len(terms)), key=lambda i: -abs(terms[i][0]) * (terms[i][2] - terms[i][1])):
        if not least <= target <= most:
            return None
        c, low, high = terms[place]
        floor, ceiling = sorted((c * low, c * high))
        others = least - floor, most - ceiling
        # c * value lies in target - others.
        ends = target - others[1], target - others[0]
        if c > 0:
            low, high = max(low, -(-ends[0] // c)), min(high, ends[1] // c)
        else:
            low, high = max(low, -(ends[1] // -c)), min(high, -ends[0] // -c)
        if low > high:
            return None
        found[place] = low, high
        floor, ceiling = sorted((c * low, c * high))
        least, most = others[0] + floor, others[1] + ceiling
    return found if least <= target <= most else None
