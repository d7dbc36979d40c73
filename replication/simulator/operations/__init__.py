"""What a rule may compute, with the same bits on every processor.

`functions` lists what replaces each function of NumPy. Each replacement adds an array to a graph
(`arrays`): it works element by element (`elements`), by sums and products (`products`), or by only
moving elements (`moves`). While a rule is traced, it holds handles of these arrays (`handles`); it
may repeat a step (`loops`), and `turns` records where in a sweep it is. The layer below has
operations and random numbers with the same bits on every processor (`arithmetic`, `fused`,
`noise`), and the instructions of the compiled code (`instructions`).
"""
