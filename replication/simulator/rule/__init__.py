"""What a rule is. Read `recirculation` first.

`recirculation` is the paper's rule, equation by equation. `network` has the class from which all
rules derive, and `declared` checks what such a class declares. `criteria` says when a network has
learned. `activations` has the functions of units, and `weights` draws initial weights and makes
patterns. `own_code` finds the line of a user's file in which something failed.
"""
