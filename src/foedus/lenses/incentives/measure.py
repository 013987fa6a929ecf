"""Why actors choose as they do: what each action is worth by objective, and when the choice would flip.

For each phase that an actor decides, over the states in which it has a free choice (weighted by how often they are
met), and apart for the situations that matter to the phase: the worth ``Q(a)`` of each action to the mover, in its own
version of the game, by objective. With quantal response (McKelvey and Palfrey 1998; base rates: Matejka and McKay
2015) the odds of ``b`` to ``a`` are ``base_b / base_a exp(precision (Q(b) - Q(a)))``, so ``b`` ties with the likeliest of
the others once it pays

    bonus(b) = max over a of (Q(a) + ln(base_a) / precision) - (Q(b) + ln(base_b) / precision)

more at that choice; below 0 for the likeliest, which can lose as much. With perfect rationality base rates do not
count. Which assumption would flip a choice is searched over the range of each that goes most with the choice, the
others at their middle value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.arrays import LANES
from foedus.lenses.decisions import Gathered, Gatherer, MoverChoices, Situation, situations
from foedus.lenses.incentives.flips import flips
from foedus.solve.queries import ratio
from foedus.worlds.blocks import Block, blocks
from foedus.worlds.simulate import Games

if TYPE_CHECKING:
    import xarray as xr

    from foedus.runs.result import Run

WORLDS = 16


def look(run: Run, policy: str) -> xr.Dataset:
    """Choices under ``policy``, in a few worlds of weight ``weight``.

    ``met`` [world, situation] is how often the mover has the choice; situations are ``phase`` (all of it) and
    ``phase[variable=level,...]``. Per ``option`` (situation|action) [world, option]: ``probability`` where it is
    available, ``usual`` by base rates alone, ``worth``, ``bonus``; ``versus`` [world, option, objective] is what it
    is worth more than the situation's reference, the action taken most, by the mover's objectives, and ``habit`` the
    same of base rates, ``ln(base/base) / precision``. NaN where an action is never available. ``flip_at`` [flip] and
    its coords tell which value of an assumption turns which choice.
    """
    import xarray as xr

    few = run.few(WORLDS)
    games = Games(run.scenario, (), {}, observe=False)
    read = _Read(list(blocks(games, policy, few.draws)))
    found = flips(run, games, policy)
    w, o = "world", "option"
    return xr.Dataset(
        {
            "met": ((w, "situation"), read.met),
            "probability": ((w, o), read.probability),
            "usual": ((w, o), read.usual),
            "worth": ((w, o), read.worth),
            "bonus": ((w, o), read.bonus),
            "habit": ((w, o), read.habit),
            "versus": ((w, o, "objective"), read.versus),
            "weight": (w, few.weights),
            "flip_at": ("flip", np.array([one.value for one in found.flips])),
        },
        coords={
            "situation": [s.name for s in read.situations],
            "option": read.options,
            "objective": read.objectives,
            "flip": [f"{one.phase}|{one.assumption}" for one in found.flips],
            "flip_below": ("flip", [one.below for one in found.flips]),
            "flip_above": ("flip", [one.above for one in found.flips]),
        },
        attrs={
            "policy": policy,
            "tried": found.tried,
            "references": {s.name: read.names[s.name][r] for s, r in zip(read.situations, read.reference, strict=True)},
            "levels": {s.name: dict(s.levels) for s in read.situations},
        },
    )


class _Read:
    """Everything about the choices of a few worlds, as arrays over the worlds."""

    def __init__(self, made: list[Block]):
        self.made, game = made, made[0].game
        self.seen = [block.visits() for block in made]
        often = sum(seen[..., : block.width].sum(axis=(0, 2)) for seen, block in zip(self.seen, made, strict=True))
        self.situations = situations(made[0], np.asarray(often))
        self.phase_actions: dict[str, list[int]] = {}
        for i, name in enumerate(game.action_ids):
            self.phase_actions.setdefault(name.split(".")[0], []).append(i)
        self.actions = [self.phase_actions[s.phase] for s in self.situations]
        self.names = {
            s.name: [game.action_ids[i].split(".")[1] for i in actions]
            for s, actions in zip(self.situations, self.actions, strict=True)
        }
        self.reference = [
            self._most_taken(s, actions) for s, actions in zip(self.situations, self.actions, strict=True)
        ]
        self.options = [f"{s.name}|{action}" for s in self.situations for action in self.names[s.name]]
        self.objectives = [f"{actor}.{name}" for actor, name in game.turn.objectives]
        self._gather()

    def _most_taken(self, situation: Situation, actions: list[int]) -> int:
        """The place among the phase's actions of the one taken most in a situation."""
        g, total = self.made[0].game.arrays, np.zeros(len(actions))
        acts = np.concatenate([np.arange(g.a_ptr[n], g.a_ptr[n + 1]) for n in situation.nodes])
        node = np.repeat(situation.nodes, np.diff(g.a_ptr)[situation.nodes])
        place = np.array([actions.index(a) for a in g.action_id[acts]])
        for block, seen in zip(self.made, self.seen, strict=True):
            times = (seen[:, node] * block.played[: block.game.periods, acts])[..., : block.width].sum(axis=(0, 2))
            np.add.at(total, place, times)
        return int(np.argmax(total))

    def _gather(self) -> None:
        game = self.made[0].game
        wide = sum(block.width for block in self.made)
        many = len(self.options)
        first = np.concatenate([[0], np.cumsum([len(actions) for actions in self.actions])]).astype(int)
        self.met = np.zeros((wide, len(self.situations)))
        plain = {name: np.full((wide, many), np.nan) for name in ("probability", "usual", "worth", "bonus", "habit")}
        self.versus = np.zeros((wide, many, len(self.objectives)))
        movers = {phase.id: phase.mover for phase in game.turn.phases}
        for mover in range(len(game.turn.actors)):
            mine = [s for s, one in enumerate(self.situations) if movers[one.phase] == mover]
            if not mine:
                continue
            choices = MoverChoices(self.made[0], mover)
            for block, seen in zip(self.made, self.seen, strict=True):
                public = [self.actions[s][self.reference[s]] for s in mine]
                found = Gatherer(
                    block, choices, seen, [self.situations[s] for s in mine], public, [self.actions[s] for s in mine]
                ).gather()
                for i, s in enumerate(mine):
                    self._place(block, choices, found, i, slice(int(first[s]), int(first[s + 1])), s, plain)
        self.probability, self.usual, self.worth = plain["probability"], plain["usual"], plain["worth"]
        self.bonus, self.habit = plain["bonus"], plain["habit"]

    def _place(
        self,
        block: Block,
        choices: MoverChoices,
        found: Gathered,
        i: int,
        options: slice,
        s: int,
        plain: Mapping[str, Floats],
    ) -> None:
        """Averages of one situation, put where they belong."""
        worlds, many = block.worlds, options.stop - options.start

        def mean(sums: Floats, of: Floats) -> Any:
            return ratio(sums[i, :many], of[i, :many])[:, : block.width].T

        self.met[worlds, s] = found.met[i, : block.width]
        plain["probability"][worlds, options] = mean(found.taken, found.there)
        plain["usual"][worlds, options] = mean(found.usual, found.there)
        plain["worth"][worlds, options] = mean(found.worth.sum(axis=2), found.there)
        plain["bonus"][worlds, options] = mean(found.bonus, found.rivals)
        plain["habit"][worlds, options] = mean(found.habit, found.both)
        both = np.broadcast_to(found.both[i, :many, None], (many, len(choices.own), LANES))
        versus = ratio(found.versus[i, :many], both)[..., : block.width]
        for place, o in enumerate(choices.own):
            self.versus[worlds, options, o] = versus[:, place].T
