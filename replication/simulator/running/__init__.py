"""Seeds in, outcomes out.

`engine` (weights in, outcomes out), `ensemble` and `backends` (seeds, in threads or on a cluster),
`outcomes`, `guard` (what a rule of one's own is held to), `changes` (of one update, and gradients),
`plane` (a picture of one network).
"""
