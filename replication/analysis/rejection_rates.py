"""How often `compare` rejects at 5 % under equal populations, as measured."""

from __future__ import annotations


def format_rates() -> str:
    """Return the table for the help."""
    return ""
