"""Why some networks are slow, why some fail, and what the learning rate does."""
