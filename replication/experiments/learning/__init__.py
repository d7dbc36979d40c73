"""Along learning: how changes, matrices and slopes develop, update by update."""
