"""What several experiments share: networks, weights, statements and verdicts."""
