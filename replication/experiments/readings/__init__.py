"""Which readings of the paper could have printed 48 and 202, and which details matter."""
