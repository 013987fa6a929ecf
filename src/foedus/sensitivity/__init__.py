"""What decides a number or a verdict over worlds. Imports ``worlds``, ``scenario`` and ``present``; knows no lens.

Six things go by the name of sensitivity. Each answers a question of its own:

- drivers (``association``): which single assumptions go with it more than chance would have it? Rank correlation (Spearman
  1904) and the distance between the worlds where it holds and fails (Spear and Hornberger 1980);
- regions (``discovery``): in which box or branch of the assumptions does it fail? (Friedman and Fisher 1999; Bryant and
  Lempert 2010; Breiman and others 1984);
- Sobol indices (``sobol``): what share of its variance is due to each assumption, alone and with others? (Sobol 1993);
- slopes (``worlds.query_slopes``, shown by ``lenses.drivers``): how much does it move per unit at the margin, exactly?
  (Griewank and Walther 2008);
- tipping points (``lenses.policies.tipping``): at which value of an assumption does another policy become the best?
- flips (``lenses.incentives.flips``): at which value does an actor do something else in one situation?

Start with ``association``, then ``discovery``; ``telling`` puts boxes and trees into words.
"""
