"""The record: what observations ask, what they teach about the assumptions, and how forecasts of them would have done.

``questions`` and ``forecasts`` lead to ``score`` and ``mechanisms`` (which part of a model is to blame); ``learned``
compares prior and posterior; the ``_telling`` modules put both into words. May import ``present``, ``worlds`` and what
stands below them. Start with ``questions``.
"""
