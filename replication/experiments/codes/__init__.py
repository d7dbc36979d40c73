"""A good set of codes: what the hidden units say when the criterion is met."""
