"""A scenario compiled to the graph of one period, once for all worlds: the arrays that ``solve`` reads.

Imports ``scenario`` only. Start with ``compile.compile_game``. In order: ``build_turn`` writes the scenario as primitive
steps (``turn``), with the clauses of commitments (``clauses``); ``liveness`` says which variables matter when; ``explore``
finds the states; ``assemble`` numbers them into ``arrays``. Every number is a coefficient of a ``program``, evaluated once a
world. ``bind`` lays a policy's bindings over a game, ``views`` open disagreement; ``perceive`` says who plays which game.
"""
