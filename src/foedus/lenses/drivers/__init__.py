"""What drives a number or a verdict of the analyst's choosing (``foedus drivers``).

Start with ``subject`` (what is asked about), then ``measure`` (Sobol indices, regions, slopes; the methods are in
``sensitivity``, whose docstring tells them apart), ``telling`` and ``chart``.
"""
