"""What a rule may compute, with the same bits on every processor.

`functions` lists what NumPy's functions become: arrays of a graph (`arrays`), made element by
element (`elements`), by sums and products (`products`), or by moving elements alone (`moves`). A
rule holds names for such arrays, as in NumPy (`handles`), and may repeat a step (`loops`). `turns`
says where in a sweep it is. Below them are operations and random numbers with the same bits
everywhere (`arithmetic`, `fused`, `noise`), and the words of the machine (`instructions`).
"""
