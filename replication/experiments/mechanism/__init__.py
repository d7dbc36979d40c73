"""Why recirculation works: its decoder waits for room between the codes of its encoder."""
