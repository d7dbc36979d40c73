"""How probable the numbers 48 and 202 are under each reading of "error"."""
