"""Seeds in, outcomes out.

`engine` trains networks from given weights; `ensemble` and `backends` do so for seeds, in threads
or on a cluster. `measuring` makes learning curves (`curves`), `watching` and `recording` measure
networks while they learn, and `starting` continues an earlier run. `outcomes` has the results.
`guard` checks a user's rule, in states that `states` chooses. `changes` computes the changes of one
update, and gradients; `drawing` makes the axes of pictures.
"""
