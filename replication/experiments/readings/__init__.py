"""Which readings of the paper the numbers 48 and 202 do not reject, and which details matter."""
