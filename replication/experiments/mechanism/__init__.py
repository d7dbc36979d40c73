"""Why recirculation works: W amplifies its own random code, and U learns to read that code."""
