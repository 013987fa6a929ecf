"""Prints one world walked through: what world it is, the likeliest paths, and why each move was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Column
from rich.text import Text

from foedus.lenses.explain.told import Alternative, Decision, Event, Explanation, WholePath
from foedus.present.colours import TERMINAL_MAIN
from foedus.present.terminal import print_table
from foedus.present.wording import capital, count, listed, number, percent, signed
from foedus.scenario.names import Names
from foedus.worlds.methods import EXTENSIBLE

Moves = Sequence[Decision | Event]
_ALTERNATIVES = ("Could", "Chance", "Base rate", "Worth")


def print_explanation(told: Explanation, names: Names, console: Console) -> None:
    """Print the header, the first path by period and how the others differ from it. Worths are expected totals from the
    move on, in the mover's own units."""
    _Printer(names, console, told).print()


class _Printer:
    def __init__(self, names: Names, console: Console, told: Explanation):
        self.names, self.console, self.told = names, console, told
        self.first = told.paths[0]

    def print(self) -> None:
        """The whole explanation."""
        self.header()
        self.deciding()
        if not self.first.decisions:
            self.say("")
            self.say("Nobody has more than one thing to do on this path.")
        self.walk(self.first)
        self.others()
        self.how_to_read()

    def say(self, text: str | Text, indent: int = 0, style: str = "") -> None:
        """A paragraph, all of its lines indented."""
        whole = Text(text, style) if isinstance(text, str) else text
        for line in whole.wrap(self.console, self.console.width - indent):
            line.rstrip()
            self.console.print(Text(" " * indent) + line)

    def header(self) -> None:
        """World, weight, policy, probability of the path."""
        told, first = self.told, self.first
        world = f"World {told.world} of {told.worlds} (seed {told.seed}), policy: {self.names.policy(told.policy)}"
        self.say(Text(world, "bold"))
        if told.method not in EXTENSIBLE:
            self.say(f"Drawn by {told.method}: with another number of worlds, world {told.world} is another one.")
        if told.weight is not None:
            before = f"before them {percent(1 / told.worlds)}, as every world"
            self.say(f"Weight of this world after the observations: {percent(told.weight)}; {before}.")
        asked = listed([f"{self.move(each)} ({each.period})" for each in first.decisions if each.asked])
        given = f", given {asked}" if asked else ""
        whole = f"probability of the path as a whole: {chance(first.probability)}"
        if not told.steps:
            self.say(f"The likeliest whole path{given}; {whole}.")
        else:
            other = f" The likeliest whole path is another, with {chance(told.best)}: see --paths 1."
            apart = told.best > first.probability * (1 + 1e-9)
            self.say(f"At every step what is likeliest there{given}; {whole}.{other if apart else ''}")
        if first.start:
            self.say(f"It starts with {first.start}.")

    def deciding(self) -> None:
        """The assumptions that decide most about this path."""
        if not self.told.decisive:
            return
        self.say("")
        self.say("Numbers that decide most here, each moved alone over nine in ten of its values:")
        for each in self.told.decisive:
            name = self.names.assumption(each.assumption)
            moved = f"{self.names.phase(each.phase)}, {self.names.act(each.phase, each.action)} ({each.period})"
            span = f"{number(each.value)} here, {number(each.low)} to {number(each.high)}"
            line = Text.assemble(
                (name, "bold"), f" ({span}): {moved} {percent(each.at_low)} to {percent(each.at_high)}"
            )
            self.say(line, 2)

    def walk(self, path: WholePath) -> None:
        """The path by period; periods that repeat the one before are told in a line."""
        before: Moves | None = None
        repeated: list[Moves] = []
        for _, group in groupby(path.moves, key=lambda move: move.period):
            moves = list(group)
            if before is not None and [self.key(move) for move in moves] == [self.key(move) for move in before]:
                repeated.append(moves)
                continue
            self.repeated(repeated)
            before, repeated = moves, []
            self.console.print(Text(f"\n{moves[0].period}", style="bold"))
            for move in moves:
                self.told_in_full(move)
        self.repeated(repeated)

    def repeated(self, periods: Sequence[Moves]) -> None:
        """Periods in which the same happens as in the one before."""
        if not periods:
            return
        first, last = periods[0][0].period, periods[-1][0].period
        spans = []
        for k, move in enumerate(periods[0]):
            chances = [moves[k].probability for moves in periods]
            ends = list(dict.fromkeys(percent(chance) for chance in (min(chances), max(chances))))
            spans.append(f"{self.move(move)} ({' to '.join(ends)})")
        when = first if first == last else f"{first} to {last}"
        self.say("")
        self.say(Text.assemble((when, "bold"), f": the same again. {'; '.join(spans)}."))

    @staticmethod
    def key(move: Decision | Event) -> tuple[str, ...]:
        """What a move is, without its numbers."""
        return (move.phase, move.action, str(move.asked)) if isinstance(move, Decision) else (move.phase, move.happens)

    def move(self, move: Decision | Event) -> str:
        """A move in words."""
        if isinstance(move, Decision):
            return f"{self.names.phase(move.phase)}: {self.names.actor(move.actor)} {self.names.act(move.phase, move.action)}"
        if move.clause is not None:
            return f"{capital(self.names.commitment(move.clause))}: {move.happens}"
        after = f" after {self.names.act(move.phase, move.action)}" if move.action else ""
        return f"{self.names.phase(move.phase)}{after}: {move.happens}"

    def told_in_full(self, move: Decision | Event) -> None:
        """A move with its alternatives."""
        if isinstance(move, Event):
            self.say(f"{self.move(move)} ({percent(move.probability)})", 2, "dim")
            return
        taken = self.names.act(move.phase, move.action), f"bold {TERMINAL_MAIN}"
        how = ", as asked for" if move.asked else ", as the policy binds it to" if move.bound else ""
        odds = f" ({percent(move.probability)}{how})"
        self.say(Text.assemble(f"{self.names.phase(move.phase)}: {self.names.actor(move.actor)} ", taken, odds), 2)
        self.alternatives(move)
        kept = next(each for each in move.alternatives if each.action == move.action)
        for each in self.others_of(move):
            gaps = _parts(each.objectives, kept.objectives, move.actor, self.names)
            instead = f"{self.names.act(move.phase, each.action)} instead"
            self.say(f"{instead}: {gaps or 'nothing gained or lost'}", 4, "dim")
        likelier = max(move.alternatives, key=lambda each: each.probability)
        if likelier.probability > move.probability and not move.asked:
            by_itself = f"By itself {self.names.act(move.phase, likelier.action)} is likelier here, but"
            if likelier.path == 0:
                self.say(f"{by_itself} it does not lead to what is asked for.", 4)
            else:
                whole = f"the likeliest whole path with it has {chance(likelier.path)}"
                self.say(f"{by_itself} {whole}, this one {chance(self.first.probability)}.", 4)

    @staticmethod
    def others_of(move: Decision) -> list[Alternative]:
        """What was not taken, the likeliest first."""
        others = [each for each in move.alternatives if each.action != move.action]
        return sorted(others, key=lambda each: -each.probability)

    def alternatives(self, move: Decision) -> None:
        """What could be taken: how often, how often if nothing were at stake, and what for."""
        columns = [Column(heading, justify="right" if heading != "Could" else "left") for heading in _ALTERNATIVES]
        rows = []
        taken = next(each for each in move.alternatives if each.action == move.action)
        for each in (taken, *self.others_of(move)):
            action = Text(self.names.act(move.phase, each.action), style="bold" if each is taken else "")
            rows.append([action, *map(Text, (percent(each.probability), percent(each.base), number(each.value)))])
        print_table(self.console, columns, rows, indent=4)

    def others(self) -> None:
        """How the other paths differ from the first."""
        here = {(move.period, self.key(move)) for move in self.first.moves}
        for k, path in enumerate(self.told.paths[1:], 2):
            self.console.print(Text(f"\nPath {k}: {chance(path.probability)} as a whole", style="bold"))
            apart = [move for move in path.moves if (move.period, self.key(move)) not in here]
            if path.start != self.first.start:
                self.say(f"It starts with {path.start}.", 2)
            for move in apart:
                self.say(f"{move.period}: {self.move(move)} ({percent(move.probability)})", 2)
            if not apart:
                self.say(
                    "The same moves; less happens." if len(path.moves) < len(self.first.moves) else "The same moves.", 2
                )
        if len(self.told.paths) > 1:
            self.say("")
            total = sum(path.probability for path in self.told.paths)
            self.say(f"These {count(len(self.told.paths), 'path')} together: {chance(total)} of all that can happen.")

    def how_to_read(self) -> None:
        """How chances come about, and where to go on."""
        free = [decision for decision in self.first.decisions if not decision.bound]
        if not free:
            return
        precision = {self.names.actor(decision.actor): number(decision.precision) for decision in free}
        if self.names.scenario.rationality == "perfect":
            rule = "Each takes what is worth most to it; base rates only split ties."
        else:
            values = listed([f"{actor} {value}" for actor, value in precision.items()])
            rule = f"Chances go with base rate × exp(precision × worth). Precision: {values}."
            if self.names.scenario.value == "entropy":
                rule += " Worth is less what control of later choices costs."
        self.say("")
        self.say(rule, style="dim")
        open_ones = [(decision, other) for decision in free for other in self.others_of(decision)[:1]]
        decision, other = max(open_ones, key=lambda pair: round(pair[1].probability, 1))
        follow = f"--take {decision.phase}.{other.action}@{decision.period}"
        self.say(f"Another branch: {follow}. The likeliest whole paths: --paths 3.", style="dim")


def chance(probability: float) -> str:
    """A probability that may be very small: ``12%``, ``1 in 15,000``."""
    if probability >= 0.001 or probability == 0:
        return percent(probability)
    size = 10 ** (len(str(round(1 / probability))) - 2)  # two digits
    return f"1 in {round(1 / probability / size) * size:,}" if probability > 1e-12 else number(probability)


def _parts(objectives: Mapping[str, float], base: Mapping[str, float], actor: str, names: Names) -> str:
    """The objectives on which something is worth more or less than ``base``, largest difference first."""
    gaps = {name: value - base.get(name, 0.0) for name, value in objectives.items()}
    notable = sorted((name for name in gaps if abs(gaps[name]) >= 0.005), key=lambda name: -abs(gaps[name]))
    return ", ".join(f"{names.aim(actor, name)} {signed(gaps[name])}" for name in notable[:5])
