"""The images of digits, as the page on linear units needs them."""

import numpy as np

from replication.experiments.instruments.model import Model
from replication.simulator.rule.weights import MOST_INK, read_digits


def sum_digits() -> Model:
    """Return the sums from which the scatter of all images follows, and an image of each digit.

    Sums are whole numbers, so that they are the same on all machines. ``sums`` has one for each
    pixel, and ``products`` one for each pair of pixels: the upper triangle of the matrix, row by
    row.
    """
    images, digits = read_digits()
    ink = images.astype(np.int64)
    _, first_of_each = np.unique(digits, return_index=True)
    products = ink.T @ ink
    return {
        "n": len(images),
        "most": MOST_INK,
        "sums": ink.sum(axis=0).tolist(),
        "products": products[np.triu_indices(ink.shape[1])].tolist(),
        "shown": ink[first_of_each].tolist(),
    }
