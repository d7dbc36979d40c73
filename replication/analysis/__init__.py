"""The statistics of a reported mean: arrays and tables to estimates and verdicts."""
