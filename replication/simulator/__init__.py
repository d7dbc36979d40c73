"""From a protocol and seeds to outcomes, in four rooms, each standing on those before it.

`operations`: what a rule may compute. `rule`: what a rule is; read `rule.recirculation` first.
`compiler`: from what a rule did to machine code, or to JavaScript. `running`: seeds in, outcomes
out, in threads or on a cluster.
"""
