"""Numbers and lists as people write them, and what the terms of a report mean."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from foedus.scenario.basics import Evidence
from foedus.scenario.parts import Assumption
from foedus.worlds.weights import Spread

NOT_SCORED = "A model's probability is not a forecast until it has been scored against history; this one has not been."


def printed(value: float) -> float:
    """A probability or share rounded once, as ``percent`` prints it: what words are chosen from. It keeps order.

    What is printed as below 0.1% or above 99.9% stands halfway to the end.
    """
    share = round(100 * value, 9)  # sums of weights differ in their last digits: halves of them must round alike
    if value <= 0 or share >= 100 - 1e-10:
        return share / 100
    if share < 0.1 or share > 99.9:
        return 0.0005 if share < 0.1 else 0.9995
    return (round(share, 1) if share < 2 or share > 98 else float(round(share))) / 100


def percent(value: float | None) -> str:
    """A probability or share as a percentage with as many digits as it deserves; a dash where undefined."""
    if value is None or math.isnan(value):
        return "–"
    share = round(100 * printed(value), 9)
    if share in (0.05, 99.95):
        return "<0.1%" if share < 50 else ">99.9%"
    exact = round(100 * value, 9)
    return f"{share:.1f}%" if share not in (0, 100) and (exact < 2 or exact > 98) else f"{share:.0f}%"


def number(value: float | None, digits: int = 3) -> str:
    """A number to ``digits`` significant digits, with a true minus sign; a dash where undefined."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" in text and 1e-4 <= abs(value) < 1e6:
        text = f"{value:.0f}"
    return text.replace("-", "−")


def signed(value: float, decimals: int = 2) -> str:
    """A change, with its sign; a dash where undefined."""
    if math.isnan(value):
        return "–"
    text = f"{abs(value):.{decimals}f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def points(value: float, decimals: int | None = None) -> str:
    """A change of a probability in percentage points, with its sign: ``+0.42``, ``−3.1``; digits by its size unless told."""
    if decimals is None:
        size = abs(100 * value)
        decimals = 0 if size < 0.005 else 2 if size < 1 else 1
    return signed(100 * value, decimals)


def ranged(spread: Spread, say: Callable[[float], str] = signed) -> str:
    """``+0.12 (+0.02 to +0.31)``: the average, and where nine worlds in ten lie."""
    return f"{say(spread.mean)} ({say(spread.low)} to {say(spread.high)})"


def band(spread: Spread) -> str:
    """``12% (2% to 31%)``: the average, and where nine worlds in ten lie."""
    return ranged(spread, percent)


def listed(items: Sequence[str], most: int = 6) -> str:
    """``a, b and c``; long lists are cut with how many were left out."""
    if len(items) > most:
        return f"{', '.join(items[: most - 1])} and {len(items) - most + 1} others"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def count(n: int, thing: str, things: str = "") -> str:
    """``1 world``, ``2 worlds``."""
    return f"{n:,} {thing if n == 1 else things or thing + 's'}"


def capital(text: str) -> str:
    """The text with its first letter raised."""
    return text[:1].upper() + text[1:]


def assumed(written: Assumption) -> str:
    """What an assumption says, as written."""
    if written.distribution is not None:
        return written.distribution.law.words(number, percent)
    return number(written.value) if isinstance(written.value, (int, float)) else str(written.value)


def source_name(identifier: str) -> str:
    """A source's identifier as a short citation: ``leeds_long2000`` becomes ``Leeds Long 2000``."""
    # A year that ends a word is a word of its own.
    words = re.sub(r"(?<=[A-Za-z])(?=\d{4}\b)", " ", identifier.replace("_", " ").strip())
    return words.title() if re.search(r"\d{4}$", words) else capital(words)


def place(item: Evidence) -> str:
    """Where in its source a piece of evidence stands: ``, paragraph 6`` or ``, 2024-06-19``."""
    if item.paragraph is None:
        return ""
    return f", paragraph {item.paragraph}" if str(item.paragraph).isdigit() else f", {item.paragraph}"


def cited(item: Evidence) -> str:
    """A piece of evidence as ``source, paragraph 6``."""
    return source_name(item.source) + place(item)


def thin(effective: float, worlds: int, carry: int) -> str:
    """What is said, in one place, of a posterior that rests on few worlds: ``carry`` of them have nine tenths of the weight."""
    return (
        f"The observations leave an effective sample of only {effective:.0f} of {worlds} worlds: {carry} of them "
        f"{'carries' if carry == 1 else 'carry'} nine tenths of the weight. All figures after the observations are rough. "
        "Draw worlds where the observations point (--resample), or more of them."
    )


def cautions(certain: bool, thin: str, turning: Sequence[str]) -> list[str]:
    """What a reader must know before using a run's numbers: whether nothing is uncertain, what is said of a ``thin``
    posterior, and the claims whose verdict turns with precision."""
    warnings = []
    if certain:
        warnings.append("Nothing in this scenario is uncertain: all worlds are alike, and shares of them say nothing.")
    if thin:
        warnings.append(thin)
    if turning:
        noisy = ", ".join(f"“{claim}”" for claim in turning)
        warnings.append(f"Verdicts that turn with how precisely actors choose: {noisy}.")
    return warnings
