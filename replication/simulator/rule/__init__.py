"""What a rule is. Read `recirculation` first.

`recirculation` is the paper's rule, equation by equation; `network` the class that rules are
written as, `declared` what such a class may declare, `criteria` when a network has learned.
`activations` are the functions of units, `weights` what networks start from, patterns too, and
`own_code` finds the line of a user's file in which something failed.
"""
