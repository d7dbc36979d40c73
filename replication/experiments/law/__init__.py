"""One law of learning time for every rule whose decoder learns by the delta rule."""
