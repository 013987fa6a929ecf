"""What is to be expected after what was observed: outcomes given the path, by the filtered distribution over states.

The filter of ``likelihood`` is carried through all observed periods and then on, without observations, to the horizon. For
each event it is walked once more with all mass dropped that sees the event: what is left, over what is left without
dropping any, is the probability given everything observed that the event has not been seen, observed periods included.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from foedus.arraytypes import Floats, Ints
from foedus.compiled import kernel
from foedus.game.arrays import LANES
from foedus.solve import sections as sec
from foedus.solve.lanes import count, load, store
from foedus.solve.likelihood import at_start, in_order, scale_to_one, walk_period
from foedus.solve.nodes import gather
from foedus.solve.observe import ObservedArrays
from foedus.solve.packed import MEMORY, Chain, section


class Outlook(NamedTuple):
    """Events given all that was observed, in LANES worlds, each [periods, events, LANES]; NaN in periods before the last
    one with observations, and where a world allows no such path.

    ``by``: the probability that the event has been seen by the period's end, since the start; ``ahead``: that it is seen
    after the last observed period and by then; ``at``: that it holds at the period's end.
    """

    by: Floats
    ahead: Floats
    at: Floats


class _Walked(NamedTuple):
    """What a walk leaves: ``total`` [periods] the share of the mass that each period keeps; where it goes from the start and
    drops nothing, the mass at the ends of the last observed period, scaled to one, and [periods, events] that with each
    event at its end."""

    total: Floats
    filtered: Floats
    held: Floats


def outlook(chain: Chain, start: Any, observed: ObservedArrays, events: Ints) -> Outlook:
    """The outlook for some ``events`` (their bits). ``start`` is (nodes, coefficients, event bits)."""
    graph, periods, last = chain.graph, chain.periods, int(observed.t.max())
    nodes, ends = len(section(graph, sec.KIND)), len(section(graph, sec.END_NODES))
    arrays, begin = in_order(observed, periods)[0], at_start(start)
    room = MEMORY.take("mass", nodes, LANES), MEMORY.take("wrap", ends, LANES)
    made = _Walked(np.ones((periods, LANES)), np.zeros((ends, LANES)), np.zeros((periods, len(events), LANES)))
    none, bits = np.uint64(0), np.uint64(1) << events.astype(np.uint64)

    def kept(first: int, avoid: Any) -> Floats:
        """[periods, LANES] logs of the mass that is left by each period's end, walked from period ``first`` on."""
        made.total[:] = 1.0
        _follow(chain, MEMORY.work(graph), (first, last), begin, arrays, (avoid, bits), room, made)
        with np.errstate(divide="ignore"):
            return np.cumsum(np.log(made.total), axis=0)

    whole = kept(0, none)
    at, filtered = made.held.copy(), made.filtered.copy()
    by, ahead = np.zeros_like(at), np.zeros_like(at)
    for e, bit in enumerate(bits):
        with np.errstate(invalid="ignore"):
            by[:, e] = 1 - np.exp(kept(0, bit) - whole)
        room[1][:] = filtered
        ahead[:, e] = 1 - np.exp(kept(last + 1, bit))
    result = Outlook(*(np.clip(part, 0.0, 1.0) for part in (by, ahead, at)))
    for part in result:
        part[:last] = np.nan
        part[:, :, np.isneginf(whole[last])] = np.nan
    return result


@kernel
def _follow(chain: Any, work: Floats, span: Any, start: Any, observed: Any, watch: Any, room: Any, made: Any) -> None:
    """Fills ``made`` from period ``span[0]`` on; ``span[1]`` is the last observed one. ``watch`` are (the events that drop
    mass, the bits of all events)."""
    g, end_flags = chain.graph.packed, chain.graph.end_flags
    (first, last), (avoid, bits), (mass, wrap) = span, watch, room
    plain = first == 0 and avoid == np.uint64(0)
    for t in range(first, chain.periods):
        gather(g, chain.table, t, t == 0, work)
        seen = observed.ptr[t], observed.ptr[t + 1]
        together = walk_period(chain, work, t, start, seen, observed, (False, avoid), (mass, wrap, wrap), made.total)
        store(made.total, t, together)
        scale_to_one(g, together, wrap)
        if not plain or t < last:
            continue
        for e in range(count(g, sec.END_NODES)):
            if t == last:
                store(made.filtered, e, load(wrap, e))
            for v in range(len(bits)):
                if end_flags[e] & bits[v] != np.uint64(0):
                    place = t * len(bits) + v
                    store(made.held, place, load(made.held, place) + load(wrap, e))
