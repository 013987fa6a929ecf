"""Charts of plain numbers with labels, which several lenses draw: a matrix, shares, effects and panels over time."""
