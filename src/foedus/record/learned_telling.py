"""What was learned from the observations: sentences, charts and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from foedus.present.plain import strict
from foedus.present.section import Amount, Cell, Figure, Section, Table, Told
from foedus.present.svg import Drawing, clipped
from foedus.present.wording import capital, count, listed, number, percent, signed
from foedus.record.score_telling import state_name
from foedus.scenario.names import Names
from foedus.scenario.parts import Observation
from foedus.scenario.scope import period_of

if TYPE_CHECKING:
    import xarray as xr

_SHOWN, _LISTED = 16, 40


def section(names: Names, found: xr.Dataset) -> Section:
    """What was learned, as a section of a report; ``found`` is from ``record.learned``."""
    moved = _moved(found)
    figures = [
        Figure(
            _moved_title(names, found),
            "Each line is an assumption's prior range, from its lowest to its highest "
            "value by rank. Grey: where nine worlds in ten lay before; blue: after; the dot is the median after. Marked "
            "with a star: moved by more than sampling alone would do.",
            ranges_chart(names, found, moved),
        ),
        Figure(
            _period_title(names, found),
            "Bits learned from each period's observations, about all assumptions together.",
            periods_chart(names, found),
        ),
    ]
    return Told(
        [_sample(found), _most(names, found), _which(names, found)],
        figures,
        [_assumptions(names, found), _observations(names, found)],
        _notes(found),
    ).under(
        "learning", "What was learned", "What do the observations say about the assumptions, and which of them says it?"
    )


def _moved(found: xr.Dataset) -> list[int]:
    """Assumptions by how far their distribution moved, the furthest first."""
    return [int(i) for i in np.argsort(-found["ks"].values, kind="stable")]


def _sample(found: xr.Dataset) -> str:
    at = found.attrs
    seen = len(found["observation"])
    text = f"{count(seen, 'observation')} {'leaves' if seen == 1 else 'leave'} {count(at['worlds'], 'world')} worth "
    text += f"{at['effective_before']:.0f} equal ones"
    if at["resampled"]:
        text += (
            f"; {count(at['resampled'], 'world')} were drawn anew where the observations point, in "
            f"{count(at['stages'], 'stage')}, and are worth {at['effective']:.0f}"
        )
    out = percent(1 - 2 ** -at["bits"])
    return f"{text}. They say {number(at['bits'], 2)} bits: as much as ruling out {out} of what was plausible before."


def _most(names: Names, found: xr.Dataset) -> str:
    sure = [i for i in _moved(found) if bool(found["beyond_chance"].values[i])]
    total = len(found["assumption"])
    if not sure:
        return f"None of {count(total, 'uncertain number')} moved by more than sampling alone would do."
    parts = [
        f"{names.inside(names.assumption(str(found['assumption'].values[i])))} {'up' if found['shift'].values[i] > 0 else 'down'} "
        f"(median {number(found['prior'].values[i, 1])} to {number(found['posterior'].values[i, 1])})"
        for i in sure[:3]
    ]
    verb, most = "moves" if len(sure) == 1 else "move", ", most of all" if len(sure) > 3 else ":"
    return f"{len(sure)} of {count(total, 'uncertain number')} {verb} by more than sampling alone would do{most} {listed(parts)}."


def _which(names: Names, found: xr.Dataset) -> str:
    k = int(found["learned"].values.argmax())
    i = int(np.abs(found["moved"].values[k]).argmax())
    step = float(found["moved"].values[k, i])
    what = observation_name(names, names.scenario.observations[int(found["observation"].values[k])])
    name = names.inside(names.assumption(str(found["assumption"].values[i])))
    return (
        f"The observation that says most is {what} ({number(float(found['learned'].values[k]), 2)} bits): it moves {name} most, "
        f"by {signed(100 * step)} points of rank."
    )


def observation_name(names: Names, o: Observation) -> str:
    """An observation in words, with its date."""
    label = names.scenario.horizon.calendar.label(period_of(names.scenario, o.at))
    what = " or ".join(names.action(a) for a in o.took) if o.took else state_name(names, str(o.is_))
    return f"{label}, {what}"


def _moved_title(names: Names, found: xr.Dataset) -> str:
    first = _moved(found)[0]
    name = names.assumption(str(found["assumption"].values[first]))
    way = "up" if found["shift"].values[first] > 0 else "down"
    return f"{capital(name)} moves most, {way}: its distributions before and after are {number(float(found['ks'].values[first]), 2)} apart."


def _by_period(names: Names, found: xr.Dataset) -> dict[str, float]:
    scenario = names.scenario
    by: dict[str, float] = {}
    for k, i in enumerate(found["observation"].values):
        label = scenario.horizon.calendar.label(period_of(scenario, scenario.observations[int(i)].at))
        by[label] = by.get(label, 0.0) + float(found["learned"].values[k])
    return by


def _period_title(names: Names, found: xr.Dataset) -> str:
    by = _by_period(names, found)
    label = max(by, key=lambda key: by[key])
    return f"{label} taught most: {number(by[label], 2)} bits."


def ranges_chart(names: Names, found: xr.Dataset, moved: list[int]) -> Markup:
    """Before and after of the assumptions that moved most, by rank."""
    shown = moved[:_SHOWN]
    left, width, row = 330.0, 400.0, 21.0
    drawing = Drawing(left + width + 170, 40 + row * len(shown), "Assumptions before and after the observations")
    for share, text in ((0, "lowest"), (0.5, "middle"), (1, "highest")):
        drawing.line(left + width * share, 24, left + width * share, 28 + row * len(shown), "grid")
        drawing.text(left + width * share, 16, text, "small", "middle")
    for k, i in enumerate(shown):
        y, (low, middle, high) = 28 + row * k + row / 2, found["rank"].values[i]
        star = " ★" if bool(found["beyond_chance"].values[i]) else ""
        drawing.text(
            left - 12, y + 4, clipped(names.assumption(str(found["assumption"].values[i])), left - 34) + star, "", "end"
        )
        drawing.rect(left + width * 0.05, y - 4, width * 0.9, 8, "track", 3)
        drawing.line(left + width * low, y, left + width * high, y, "interval")
        drawing.dot(left + width * middle, y, 4.5, "posterior", f"median after: rank {100 * middle:.0f} of 100")
        before, after = found["prior"].values[i, 1], found["posterior"].values[i, 1]
        drawing.text(left + width + 14, y + 4, f"{number(before)} to {number(after)}", "num")
    return drawing.render()


def periods_chart(names: Names, found: xr.Dataset) -> Markup:
    """Bits learned by period, as columns."""
    by = _by_period(names, found)
    most, step, height = max([*by.values(), 1e-9]), min(60.0, 820 / len(by)), 120.0
    drawing = Drawing(60 + step * len(by), height + 50, "Bits learned by period")
    drawing.line(50, 14 + height, 50 + step * len(by), 14 + height)
    for share in (0.5, 1):
        drawing.line(50, 14 + height * (1 - share), 50 + step * len(by), 14 + height * (1 - share), "grid")
        drawing.text(44, 18 + height * (1 - share), number(share * most, 2), "small", "end")
    every = -(-len(by) // max(int(820 / 60), 1))
    for k, (label, bits) in enumerate(by.items()):
        tall = height * max(bits, 0) / most
        drawing.rect(52 + step * k, 14 + height - tall, step - 4, tall, "bar", 0, f"{label}: {number(bits, 2)} bits")
        if k % every == 0:
            drawing.text(50 + step * (k + 0.5), height + 30, label, "small", "middle")
    return drawing.render()


def _assumptions(names: Names, found: xr.Dataset) -> Table:
    rows: list[list[Cell]] = []
    for i in _moved(found)[:_LISTED]:
        k = int(np.abs(found["moved"].values[:, i]).argmax())
        step, shift = float(found["moved"].values[k, i]), float(found["shift"].values[i])
        what = observation_name(names, names.scenario.observations[int(found["observation"].values[k])])
        rows.append(
            [
                names.assumption(str(found["assumption"].values[i])),
                _range(found["prior"].values[i]),
                _range(found["posterior"].values[i]),
                Amount(_points(shift), shift),
                Amount(
                    number(float(found["ks"].values[i]), 2) + (" ★" if bool(found["beyond_chance"].values[i]) else ""),
                    float(found["ks"].values[i]),
                ),
                Amount(number(float(found["bits"].values[i]), 2), float(found["bits"].values[i])),
                f"{what} ({_points(step)})",
            ]
        )
    columns = ["Assumption", "Before", "After", "Shift", "Distance", "Bits", "Moved most by"]
    total = len(found["assumption"])
    which = f" (the {_LISTED} that moved most of {total})" if total > _LISTED else ""
    return Table(f"Assumptions before and after: median, and where nine worlds in ten lie{which}", columns, rows)


def _range(values: Any) -> Amount:
    low, middle, high = (float(v) for v in values)
    return Amount(number(middle), middle, f"{number(low)} to {number(high)}")


def _points(step: float) -> str:
    """A change of mean rank in points of a hundred."""
    text = f"{abs(100 * step):.1f}"
    return text if float(text) == 0 else f"{'+' if step > 0 else '−'}{text}"


def _observations(names: Names, found: xr.Dataset) -> Table:
    rows: list[list[Cell]] = []
    for k, number_ in enumerate(found["observation"].values):
        o = names.scenario.observations[int(number_)]
        i = int(np.abs(found["moved"].values[k]).argmax())
        step = float(found["moved"].values[k, i])
        surprise, learned = float(found["surprise"].values[k]), float(found["learned"].values[k])
        rows.append(
            [
                observation_name(names, o),
                o.event or o.why,
                Amount(number(surprise, 2), surprise),
                Amount(number(learned, 2), learned),
                f"{names.assumption(str(found['assumption'].values[i]))} ({_points(step)})",
            ]
        )
    columns = ["Observation", "What happened", "Surprise, bits", "Learned, bits", "Moved most"]
    return Table("Which observation moved what", columns, rows)


def _notes(found: xr.Dataset) -> list[str]:
    notes = [
        "Shift: change of the mean rank, in points of a hundred; a rank is a value's place in its prior. Distance: the largest "
        "gap between the distributions before and after (Kolmogorov and Smirnov); a star where sampling alone would make it "
        "so large in less than one run of twenty. Bits: relative entropy of after to before. Moved most: observations are "
        "added one by one as they happened, and what each adds to the mean rank adds up to the shift."
    ]
    if found.attrs["least_effective"] < 50:
        notes.append(
            f"On the way the worlds were worth as few as {found.attrs['least_effective']:.0f} equal ones: what single "
            "observations moved is rough. Sample more worlds."
        )
    return notes


def to_json(names: Names, found: xr.Dataset, sentences: list[str]) -> dict[str, Any]:
    """What was learned as plain data."""
    assumed = [str(name) for name in found["assumption"].values]

    def spread(values: Any) -> dict[str, float]:
        return dict(zip(("low", "median", "high"), map(float, values), strict=True))

    plain = strict(
        {
            **found.attrs,
            "sentences": sentences,
            "assumptions": [
                {
                    "id": name,
                    "label": names.assumption(name),
                    "prior": spread(found["prior"].values[i]),
                    "posterior": spread(found["posterior"].values[i]),
                    "shift": found["shift"].values[i],
                    "ks": found["ks"].values[i],
                    "bits": found["bits"].values[i],
                    "beyond_chance": bool(found["beyond_chance"].values[i]),
                }
                for i, name in enumerate(assumed)
            ],
            "observations": [
                {
                    "observation": int(o),
                    "at": str(names.scenario.observations[int(o)].at),
                    "label": observation_name(names, names.scenario.observations[int(o)]),
                    "what": names.scenario.observations[int(o)].event or names.scenario.observations[int(o)].why,
                    "surprise": found["surprise"].values[k],
                    "learned": found["learned"].values[k],
                    "moved": dict(zip(assumed, found["moved"].values[k].tolist(), strict=True)),
                }
                for k, o in enumerate(found["observation"].values)
            ],
        }
    )
    assert isinstance(plain, dict)
    return plain
