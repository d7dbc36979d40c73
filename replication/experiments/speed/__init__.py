"""How fast the network learns, and against back-propagation."""
