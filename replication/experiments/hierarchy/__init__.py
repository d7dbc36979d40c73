"""Modules that share groups: whether they encode, store and complete (pages 365-366)."""
