"""How many worlds a run has, and why not more, in words."""

from __future__ import annotations

from foedus.present.wording import count, number
from foedus.runs.growth import Growth, Stop
from foedus.runs.result import Run
from foedus.worlds.methods import EXTENSIBLE, METHOD
from foedus.worlds.thresholds import CLOSE


def sampled(run: Run) -> str:
    """A sentence or two on why a run has the worlds that it has."""
    method = str(run.meta.get("method", METHOD))
    text = "As many as were asked for." if run.growth is None else _grown(run.growth)
    if method not in EXTENSIBLE:
        text += f" They were drawn by {method}: with another number of worlds, world 7 is another one."
    return text


def _grown(growth: Growth) -> str:
    widest = (
        "" if growth.width is None else f"the widest 95% interval of a share is {100 * growth.width:.1f} points wide"
    )
    between = f"{count(growth.between, 'verdict')} {'lies' if growth.between == 1 else 'lie'} between two words"
    needed = f"As many as were needed, within {number(growth.budget)} seconds of solving: {widest}"
    more = "For more give --budget SECONDS or --worlds N."
    match growth.stop:
        case Stop.NARROW:
            return f"{needed}, and no verdict lies between two words."
        case Stop.BETWEEN:
            return f"{needed}. Still {between}, though intervals there are below {100 * CLOSE:.0f} points."
        case Stop.BUDGET:
            open_ones = f", and {between}" if growth.between else ""
            return f"No more, since {number(growth.budget)} seconds of solving were up: {widest}{open_ones}. {more}"
        case Stop.MOST:
            open_ones = f", and {between}" if growth.between else ""
            return f"The most that are drawn unless told: {widest}{open_ones}. For more give --worlds N."
        case Stop.CERTAIN:
            return "Nothing is uncertain, so that all are alike."
        case Stop.FIXED:
            return "A sample that is drawn in this way does not grow. For more give --worlds N."
