"""The lens ``escalation``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.escalation.measure import look
from foedus.lenses.escalation.telling import tell

name = "escalation"
heading = "How paths climb, and where they cannot be held"
question = "How do paths climb to war, and where is the point of no return?"

__all__ = ["heading", "look", "name", "question", "tell"]
