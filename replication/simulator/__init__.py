"""From a protocol and seeds to outcomes. Read `recirculation` first.

One network: `recirculation` (equation by equation), `activations`, `trace` (over learning).
Many: `weights` (what they start from), `engine` (weights in, outcomes out), `ensemble` and
`backends` (seeds, in threads or on a cluster), `outcomes`, `changes` (of one update, and
gradients). The kernel: `step` (a sweep of learning), `arithmetic` (operations with the same bits
everywhere), `instructions`, `memory`, `programs` and `machine` (how it becomes compiled code).
`modules` is the hierarchy of page 365.
"""
