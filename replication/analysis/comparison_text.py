"""A comparison in words: one sentence, a short table, cautions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replication.analysis.comparison import Comparison


def summarise(comparison: Comparison) -> str:
    """Return the text that ``replication compare`` prints."""
    return str(comparison.agreement)
