"""Random draws of NumPy are those that the printed numbers were made with, in every version."""

import numpy as np

# Recorded with NumPy 2.4; 1.26, 2.0, 2.1, 2.2 and 2.3 gave the same.
MULTINOMIAL = [[99, 204, 697], [96, 215, 689]]
GAMMA = [0.0, 0.4512603827551632, 3.945594794086422]


def test_resampling_draws_the_same_with_every_version():
    """NumPy promises this of raw integers only; the intervals of `compare` rest on it."""
    generator = np.random.default_rng(3)
    assert generator.multinomial(1000, [0.1, 0.2, 0.7], size=2).tolist() == MULTINOMIAL
    generator.standard_gamma([0.0, 0.0, 5.0])
    assert np.allclose(generator.standard_gamma([0.0, 1.0, 5.0]), GAMMA, rtol=1e-12)
