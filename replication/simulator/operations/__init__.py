"""What a rule may compute, with the same bits on every processor.

`arrays` (what NumPy does becomes a graph), `handles` (the names that a rule holds for it, as in
NumPy), `loops` (`repeat`), `arithmetic` and `noise` (operations
and random numbers with the same bits everywhere), `instructions` (the words of the machine).
"""
