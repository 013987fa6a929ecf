"""The lens ``information``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.information.measure import look
from foedus.lenses.information.telling import tell

name = "information"
heading = "What it would be worth to know more"
question = "What would it be worth to know more, and what does misperception cost?"

__all__ = ["heading", "look", "name", "question", "tell"]
