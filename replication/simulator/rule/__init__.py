"""What a rule is. Read `recirculation` first.

`network` (the class that rules are written as), `recirculation` (the paper's rule, equation by
equation), `activations`, `weights` (what networks start from: patterns, too).
"""
