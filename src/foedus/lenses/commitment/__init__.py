"""The lens ``commitment``: what it asks, what it computes (``measure``) and how it is told (``telling``, ``chart``).

``alterations`` are what each commitment is compared with, ``pairs`` a threat and an assurance that power ties together,
``effects`` the result as the section reads it. Start with ``measure``.
"""

from foedus.lenses.commitment.measure import look
from foedus.lenses.commitment.telling import tell

name = "commitment"
heading = "Commitments"
question = "What does each promise or threat do, and how clear should it be, for whom?"

__all__ = ["heading", "look", "name", "question", "tell"]
