"""Protocol and seeds to outcomes: one network to read, a kernel to count with."""
