"""How fast the simulator is, against what else one could write and against the processor."""
