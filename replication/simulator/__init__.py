"""From a protocol and seeds to outcomes. Read `recirculation` first.

One network: `network` (the class that rules are written as), `recirculation` (the paper's rule,
equation by equation), `activations`, `plane` (its picture).
Many: `weights` (what they start from: patterns, too), `engine` (weights in, outcomes out),
`ensemble` and `backends` (seeds, in threads or on a cluster), `outcomes`, `changes` (of one update,
and gradients).
The compiler: `arrays` (a rule becomes a graph), `blocks` (the graph becomes loops), `programs`
(loops become a sweep of learning), `instructions` (its words), `arithmetic` and `noise` (operations
and random numbers with the same bits everywhere), `machine` (compiled code), `guard` (what a rule
of one's own is held to), `javascript` (the same for a page).
"""
