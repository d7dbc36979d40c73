"""The published models, with one number changed, and what the conditions of the chapters say."""

from pathlib import Path

from replication.experiments import EXPERIMENTS, list_checks
from replication.publication.models import read_model

RESULTS = Path(__file__).parents[3] / "results"
MODELS = {name: read_model(RESULTS, name) for name in ("headline", *EXPERIMENTS)}


def get(path):
    """Return the number at a place of the published models, such as ``dynamics/rare/n``."""
    found = MODELS
    for key in path.split("/"):
        found = found[int(key) if isinstance(found, list) else key]
    return found


def replace(path, number):
    """Return the published models with another number at a place; all else is shared."""
    return _replace(MODELS, path.split("/"), number)


def _replace(part, keys, number):
    key = int(keys[0]) if isinstance(part, list) else keys[0]
    changed = part.copy()
    changed[key] = _replace(part[key], keys[1:], number) if keys[1:] else number
    return changed


def is_true(condition, models):
    """Return whether a condition is true, such as ``dynamics dose_counts, twice``."""
    experiment, name = condition.split(",")[0].split()
    return list_checks(models)[experiment][name]
