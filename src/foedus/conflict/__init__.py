"""The graph model for conflict resolution (Fang, Hipel and Kilgour 1993): what is stable in a conflict, and what could follow.

Self-contained: imports nothing of foedus but ``arraytypes``, ``compiled`` and ``errors``. Start with ``analysis`` (which
states would last) and ``concepts`` (one row a stability concept: add one there). Conflicts come in option form
(``option_form``, read and written by ``file``) or as graphs of states (``graph_form``); ``moves`` and ``state_sets``
work over all states at once. ``coalitions``, ``limited``, ``paths`` and ``inverse`` ask further questions, which
``followup`` collects for a file.
"""
