"""Hidden units with other activation functions."""
