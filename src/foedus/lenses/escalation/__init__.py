"""The lens ``escalation``: the levels of one variable as a ladder, the moves on it, and from where it cannot be held.

Start with ``measure``. ``ladder`` holds one block of worlds seen as a ladder, ``no_return`` the points of no return,
``routes`` the likeliest ways up; ``telling`` and ``chart`` show it.
"""

from foedus.lenses.escalation.measure import look
from foedus.lenses.escalation.telling import tell

name = "escalation"
heading = "How paths climb, and where they cannot be held"
question = "How do paths climb to war, and where is the point of no return?"

__all__ = ["heading", "look", "name", "question", "tell"]
