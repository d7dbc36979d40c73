"""Whether 100 networks take 48 updates on average and 202 at most, as page 363 reports."""
