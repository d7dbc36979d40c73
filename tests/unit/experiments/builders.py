"""Populations, outcomes and networks for the tests of experiments."""

import math

import numpy as np

from replication import CountTable, Outcomes


def list_outcomes(judged):
    return {name: each["outcome"] for name, each in judged["operationalisations"].items()}


def make_counts(values, *, n_censored=0, cap=2000):
    distinct, counts = np.unique(np.asarray(values, dtype=np.int64), return_counts=True)
    return CountTable(distinct, counts, n_censored, cap)


def draw_counts(n, *, centre=3.68, seed=3, n_censored=0):
    """Return counts much like those of the networks: log-normal, with a long tail."""
    drawn = np.exp(np.random.default_rng(seed).normal(centre, 0.5, size=n)).astype(int)
    return make_counts(drawn[drawn <= 2000], n_censored=n_censored)


def draw_studies(counts, n_studies):
    share = counts.counts / counts.n_converged
    drawn = np.random.default_rng(8).choice(counts.updates, size=(n_studies, 100), p=share)
    return drawn.mean(axis=1), drawn.max(axis=1)


def make_outcomes(*updates, cap=2000):
    """Return outcomes; those at the cap have not converged."""
    array = np.array(updates, dtype=np.int32)
    return Outcomes(0, array, array < cap)


def cosine(x, y):
    x, y = np.ravel(x), np.ravel(y)
    return float(x @ y / math.sqrt((x @ x) * (y @ y)))


def flatten(parts):
    return np.concatenate([np.ravel(part) for part in parts])


def sum_changes(network):
    """Return the changes of all patterns, as the readable network adds them up."""
    changes = [network.weight_changes(pattern) for pattern in network.patterns]
    return [sum(parts) for parts in zip(*changes, strict=True)]


def differentiate(measure, flat, step=1e-5):
    """Return the gradient of a measure of flat weights by central differences."""
    rises = [measure(flat + row) - measure(flat - row) for row in step * np.eye(len(flat))]
    return np.array(rises) / (2 * step)
