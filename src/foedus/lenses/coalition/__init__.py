"""The lens ``coalition``: what it asks, what it computes (``measure``) and how it is told (``telling``, ``chart``).

``sides`` says who stands with whom, ``joint_play`` solves a game in which some act as one, ``values`` holds the formulas of
cooperative games. Start with ``measure``.
"""

from foedus.lenses.coalition.measure import look
from foedus.lenses.coalition.telling import tell

name = "coalition"
heading = "Coalitions"
question = "Does the axis hold, and what would split it?"

__all__ = ["heading", "look", "name", "question", "tell"]
