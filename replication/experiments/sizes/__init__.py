"""Loops with two hidden groups."""
