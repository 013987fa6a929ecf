"""The lens ``timing``: first times of outcomes and acts, what sets outcomes off, and what dated events change.

Start with ``measure``; ``dated`` makes the games in which a dated event never comes or is sure to turn out in one way.
"""

from foedus.lenses.timing.measure import look
from foedus.lenses.timing.telling import tell

name = "timing"
heading = "When"
question = "When does it happen, and what do dated events change?"

__all__ = ["heading", "look", "name", "question", "tell"]
