"""What keeps logistic networks from getting worse: constants chosen on some, judged on others.

Constants are chosen by what is left of the images that are trained, on networks of other seeds; all
are judged by images that no network has seen.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from replication.experiments import Model
from replication.experiments.images import logistic, rules, training
from replication.experiments.images.logistic import EPOCHS, LARGE, Images
from replication.experiments.images.rules import combine
from replication.experiments.images.training import Rule
from replication.experiments.matrices import Array
from replication.experiments.sample import Sample
from replication.simulator.patterns import read_digits

SMALL, HUGE = 0.02, 2.0  # half-widths of smaller and of larger initial weights
LONGER = 200  # epochs
RIDGE = 1.0  # of the linear probe, in units of the variance of a hidden state times images
SIZE = "half-width"  # the constant of small starts

Constants = Mapping[str, Sequence[float]]
SLEEP: Rule = combine(rules.Logistic, rules.Sleep, rate=0.2)
RULES: dict[str, tuple[Rule, Constants]] = {
    "none": (rules.LogisticRecirculation, {}),
    "small weights": (rules.LogisticRecirculation, {SIZE: (0.1, 0.02, 0.004, 0.001, 0.0002)}),
    "decay of W": (SLEEP, {"echo": (0.0,), "decay": (1e-5, 2e-5, 4e-5, 8e-5)}),
    "sleep": (SLEEP, {"echo": (0.01, 0.03, 0.1, 1.0), "decay": (2e-5, 6e-5, 2e-4)}),
    "sleep without equation (4)": (
        SLEEP, {"factor": (0.0,), "echo": (0.1,), "decay": (1e-4, 3e-4, 1e-3)},
    ),
    "back-propagation": (
        combine(rules.Logistic, rules.BackPropagation), {"rate": (0.05, 0.1, 0.2)},
    ),
}  # fmt: skip
"""Rules, and the values of their constants that are tried."""


def measure_repairs(sample: Sample) -> Model:
    """Return what each repair misses of held-out images, at the constants that do best.

    ``tried``: each value of its constants, and what it left of the images that are trained;
    ``starts``: sleep from other initial weights; ``longer``: sleep for `LONGER` epochs; ``probe``:
    how many held-out images a linear probe of the codes assigns to their digits.
    """
    trained, others = images = logistic.read_images()

    def train(
        name: str, values: Mapping[str, float], epochs: Sequence[int], whose: Sample = sample
    ) -> tuple[Rule, Array]:
        """Return a rule with these values of its constants, and its states after some epochs."""
        numbers = {**values}
        half_width = numbers.pop(SIZE, LARGE)
        rule = logistic.show(RULES[name][0], trained, **numbers)
        return rule, training.train_epochs(rule, training.draw(rule, half_width, whose), epochs)

    def choose(name: str) -> Model:
        constants = RULES[name][1]
        tried: list[Model] = []
        for each in itertools.product(*constants.values()):
            values = dict(zip(constants, each, strict=True))
            rule, (final,) = train(name, values, EPOCHS[-1:], sample.others)
            left = float(training.miss(rule, final, trained).mean())
            tried.append({"constants": values, "left": left})
        best = min(tried, key=lambda row: float(row["left"]))
        return {"tried": tried, "chosen": best["constants"]}

    # The best constants of each rule that has any, found on other networks.
    chosen: dict[str, Model] = {name: {"tried": [], "chosen": {}} for name in RULES}
    chosen |= sample.map(choose, [name for name, (_, constants) in RULES.items() if constants])
    sleep, begun = chosen["sleep"]["chosen"], (0, *EPOCHS)
    # Rule, constants and epochs of each run, by part of the model and name in it.
    runs: dict[tuple[str, str], tuple[str, Mapping[str, float], Sequence[int]]]
    runs = {("rules", name): (name, row["chosen"], begun) for name, row in chosen.items()}
    runs |= {("starts", f"{x:g}"): ("sleep", sleep | {SIZE: x}, begun) for x in (SMALL, HUGE)}
    runs["longer", "sleep"] = "sleep", sleep, (*begun, LONGER)
    found = sample.map(lambda key: train(*runs[key]), runs)
    described: dict[str, Model] = {"rules": {}, "starts": {}, "longer": {}}
    for (of, name), (rule, states) in found.items():
        described[of][name] = logistic.name_estimates(training.miss(rule, states[1:], others))
    # The codes of all rules after their last epoch, and of one before its first.
    networks = {name: (found["rules", name][0], found["rules", name][1][-1]) for name in RULES}
    networks["random W"] = networks["none"][0], found["rules", "none"][1][0]
    return {
        "epochs": list(EPOCHS), "longer_epochs": LONGER, "huge": HUGE, "small": SMALL, **described,
        "rules": {name: chosen[name] | described["rules"][name] for name in RULES},
        "probe": probe_codes(networks, images),
    }  # fmt: skip


def probe_codes(networks: Mapping[str, tuple[Rule, Array]], images: Images) -> dict[str, float]:
    """Return the shares of held-out images that a ridge regression of the codes classifies.

    Codes are the hidden states, principal components, or the pixels themselves.
    """
    labels = np.split(read_digits()[1], [len(images[0])])
    main = logistic.find_scatter(images[0]).directions[:, : rules.N_HIDDEN]
    codes = {"pixels": [x[None] for x in images]}
    codes["principal components"] = [x[None] @ main for x in images]
    for name, (rule, weights) in networks.items():
        codes[name] = [training.evaluate(rule, weights, x).hidden[0] for x in images]
    wanted, shares = np.eye(10)[labels[0]] - 0.1, {}
    for name, (trained, others) in codes.items():  # (n_networks, n_images, n_units) each
        mean, spread = trained.mean(axis=1, keepdims=True), trained.std(axis=1, keepdims=True)
        known, new = ((x - mean) / np.maximum(spread, 1e-9) for x in (trained, others))
        products = np.swapaxes(known, 1, 2) @ known + RIDGE * np.eye(known.shape[2])
        weights = np.linalg.solve(products, np.swapaxes(known, 1, 2) @ wanted)
        shares[name] = float(np.mean(np.argmax(new @ weights, axis=2) == labels[1]))
    return shares
