"""Real images: where the rule comes to rest, what its first changes do there, and its speed."""
