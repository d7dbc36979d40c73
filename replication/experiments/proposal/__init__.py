"""The proposal of page 365 that the paper left untested: equation 3 on the second round too."""
