"""Which policy to choose, which measures are necessary, and which settings of a policy are robust.

``foedus compare``: ``metric`` (what policies are measured by), ``comparison`` (regret, satisficing, dominance), ``rules`` (one
row a decision rule: add one there), ``choice`` (the choice of each rule and what would change it: ``tipping``), told by
``choice_telling``. ``foedus measures``: ``measures`` and the degrees of ``necessity``. ``foedus search``: ``levers`` and
``search``. Start with ``rules`` and ``choice``.
"""
