"""Worlds: draws of every assumption, played under every policy, and weighed by what was observed.

It may import ``scenario``, ``game`` and ``solve``. Start with ``simulate.simulate``: ``sample`` draws worlds, ``versions``
says how each actor believes them to be, ``padding`` cuts them into blocks for the kernels, and ``simulate`` puts the
results together. ``blocks`` opens solved games up for lenses; ``posterior`` learns from observations by importance
``weights`` and, where these collapse, by particles (``smc``); ``query_slopes`` are derivatives in every assumption.
"""
