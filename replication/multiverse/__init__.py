"""Every reading of the paper, and the map around its settings: many protocols in one study."""
