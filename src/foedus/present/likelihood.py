"""Words of estimative probability: for probabilities of events, never for shares of worlds (see ``shares``)."""

from __future__ import annotations

import math
from itertools import groupby

from foedus.present.wording import printed

# The bands of the US Intelligence Community Directive 203 (2015), after Kent (1964): from this probability up.
_BANDS = (
    (0.95, "almost certain", "almost no chance"),
    (0.80, "very likely", "very unlikely"),
    (0.55, "likely", "unlikely"),
)
EVEN = "roughly even chance"


def estimative(p: float) -> str:
    """The words for the probability of an event, chosen from the number as ``percent`` prints it, so that the same number
    never has two words; an edge belongs to the band further from one half.

    "undefined" for NaN. ValueError outside 0 to 1.
    """
    if math.isnan(p):
        return "undefined"
    if not -1e-9 <= p <= 1 + 1e-9:
        raise ValueError(f"{p} is not a probability")
    shown = printed(p)
    for edge, high, low in _BANDS:
        if shown >= edge - 1e-12:
            return high
        if shown <= 1 - edge + 1e-12:
            return low
    return EVEN


def scale() -> str:
    """The whole scale in one line, from the lowest words to the highest, read off the words themselves."""
    bands = [(words, list(percents)) for words, percents in groupby(range(101), lambda p: estimative(p / 100))]
    return "; ".join(f"{words}, {percents[0]} to {percents[-1]}%" for words, percents in bands)
