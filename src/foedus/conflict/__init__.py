"""The graph model for conflict resolution: conflicts in option form or as graphs, and what is stable in them."""
