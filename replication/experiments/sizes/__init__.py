"""Networks of other sizes, and loops with two hidden groups."""
