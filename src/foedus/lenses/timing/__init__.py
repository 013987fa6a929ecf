"""The lens ``timing``: what it asks, what it computes (``measure``) and how it is told (``telling``)."""

from foedus.lenses.timing.measure import look
from foedus.lenses.timing.telling import tell

name = "timing"
heading = "When"
question = "When does it happen, and what do dated events change?"

__all__ = ["heading", "look", "name", "question", "tell"]
