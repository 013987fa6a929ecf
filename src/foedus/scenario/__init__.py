"""The scenario language: from YAML text to a checked ``Scenario``, and what its expressions and queries mean.

Imports nothing of Foedus but ``errors`` and ``arraytypes``. Start with ``schema.Scenario`` and the classes it holds (``parts``,
``commitments``, ``basics``). Text comes in through ``files`` (with ``yamltext`` and ``merge``) and ``load``, goes out through
``dump``; what is wrong with its shape is told by ``messages``, with its meaning by ``check`` and the ``check_*`` beside it.
Expressions: ``functions`` (the table of operations), ``tree`` (what a tree is worth), ``expressions`` and ``query`` (reading).
"""
