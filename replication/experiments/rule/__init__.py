"""The rule itself: nothing but activities, steepest descent in the restricted case, and beyond."""
