"""The Boltzmann machine of Ackley, Hinton & Sejnowski (1985), as a user's rule.

Units 0 to v - 1 are the group V1, the next v are V2, the last h are hidden. A bias stands on the
diagonal of the weights, as in the paper's figures, so that it learns as a weight does.
"""

from typing import Any

import numpy as np

import replication
from replication import logistic, repeat

SCHEDULE = (2, 20.0), (2, 15.0), (2, 12.0), (4, 10.0)
"""The annealing schedule: units of time, and the temperature at which they are spent."""
GATHERING = 10, 10.0
"""Units of time in which statistics are gathered, and their temperature."""


class BoltzmannMachine(replication.Network):
    """An encoder that learns; `build_encoder` makes one of a given size."""

    numbers = {"on_to_off": 0.15, "off_to_on": 0.05, "watch": 0.0}
    schedule = SCHEDULE
    gathering = GATHERING

    def clamp(self, vector: Any) -> Any:
        """Return a vector with some bits reversed."""
        chance = np.where(vector > 0.5, self.on_to_off, self.off_to_on)
        is_reversed = self.uniform(len(vector)) < chance
        return np.where(is_reversed, 1.0 - vector, vector)

    def probe(self, state: Any, first: int, temperature: float) -> Any:
        """Give one random unit, `first` or later, a chance to change its state."""
        places = np.arange(len(state))
        chance = self.uniform(2)
        drawn = first + chance[0] * (len(state) - first)
        # A compiled array cannot have a drawn index, so a mask, 1 at the drawn unit, stands for it.
        mask = np.where((places <= drawn) & (drawn < places + 1.0), 1.0, 0.0)
        # The bias of the unit counts whether the unit is on or not.
        total_input = (mask @ self.W) @ np.maximum(state, mask)
        new = np.where(chance[1] < logistic(total_input / temperature), 1.0, 0.0)
        return np.where(mask > 0.5, new, state)

    def gather(self, vector: Any, first: int) -> Any:
        """Anneal the units from `first` on; return how often two were on together afterwards.

        If `first` is not 0, the visible units are clamped to the vector, with noise. In a unit of
        time there are as many probes as units that are not clamped.
        """
        n_free = self.n_units - first
        n_times, cold = self.gathering

        def clamp_again(state: Any) -> Any:
            """Draw the noise of clamped units anew, if the process does so."""
            if first > 0 and self.is_noise_anew:
                return np.concatenate([self.clamp(vector), state[first:]])
            return state

        def spend_time(state: Any, temperature: float) -> Any:
            """Spend a unit of time at a temperature."""
            begin = clamp_again(state)
            return repeat(n_free, lambda x: self.probe(x, first, temperature), begin)

        def gather_once(state: Any, counts: Any) -> Any:
            """Spend a unit of time at the last temperature, and count which units are on."""
            if not self.is_each_probe_counted:
                state = spend_time(state, cold)
                return state, counts + np.outer(state, state)

            def probe_and_count(state: Any, counts: Any) -> Any:
                state = self.probe(state, first, cold)
                return state, counts + np.outer(state, state)

            return repeat(n_free, probe_and_count, clamp_again(state), counts)

        state = np.where(self.uniform(self.n_units) < 0.5, 1.0, 0.0)
        if first > 0:
            state = np.concatenate([self.clamp(vector), state[first:]])
        for times, temperature in self.schedule:
            state = repeat(times, lambda x, t=temperature: spend_time(x, t), state)
        _, counts = repeat(n_times, gather_once, state, np.zeros(self.shapes["W"]))
        return counts

    def weight_changes(self, v: Any, target: Any) -> Any:
        """Return p - p' for one vector, times a positive whole number that leaves its sign.

        Only the sign counts in `apply`.
        """
        n_visible = len(v)
        n_units = self.n_units
        # Per probe there are fewer samples of a clamped network, whose units are fewer.
        weights = (n_units, n_units - n_visible) if self.is_each_probe_counted else (1, 1)

        def estimate(difference: Any) -> Any:
            clamped = self.gather(v, n_visible)
            free = self.gather(v, 0)
            return difference + weights[0] * clamped - weights[1] * free

        difference = repeat(2, estimate, np.zeros(self.shapes["W"]))
        return {"W": self.links * difference}

    def apply(self, changes: dict[str, Any]) -> None:
        """Change every weight by 2, and note what the codes are like."""
        self.W = self.W + 2.0 * np.sign(changes["W"])
        self.record()

    # The codes, and what is noted of them

    def find_inputs(self) -> Any:
        """Return the input of each hidden unit from each clean vector, shape (h, v)."""
        n = len(self.patterns)
        hidden = self.W[2 * n :]
        return hidden[:, :n] + hidden[:, n : 2 * n] + np.diag(self.W)[2 * n :, np.newaxis]

    def record(self) -> None:
        """Note the first cycle of each event, such as that all codes differ (`solved`)."""
        codes = np.where(self.find_inputs() > 0.0, 1.0, -1.0)
        n_hidden, n_codes = codes.shape
        # For two codes: h minus twice the number of bits in which they differ.
        likeness = codes.T @ codes
        others = np.tril(likeness, -1) - n_hidden * np.triu(np.ones((n_codes, n_codes)))
        # `others` has the likeness of each code to the codes before it, and -h elsewhere.
        is_repeated = np.where(others.max(axis=1) > n_hidden - 1.0, 1.0, 0.0)
        # Any two codes differ in at least `gap` bits.
        is_solved = np.where(others.max() < n_hidden - 2.0 * self.gap + 1.0, 1.0, 0.0)
        is_near = np.where(is_repeated.sum() < 1.5, 1.0, 0.0)  # all codes but one
        self.cycle = self.cycle + 1.0
        self.last_digit = np.where(self.last_digit > 8.5, 0.0, self.last_digit + 1.0)
        is_tenth = np.where(self.last_digit < 0.5, 1.0, 0.0)
        self.near = self.note(self.near, is_near)
        self.solved = self.note(self.solved, is_solved)
        self.solved_tenth = self.note(self.solved_tenth, is_solved * is_tenth)
        # `held`: solved at ten tenth cycles in a row. `lost`: the first tenth cycle after that at
        # which it is not solved.
        is_held = np.where(self.held > 0.5, 1.0, 0.0)
        self.lost = self.note(self.lost, is_held * is_tenth * (1.0 - is_solved))
        self.running = np.where(is_tenth > 0.5, is_solved * (self.running + 1.0), self.running)
        self.held = self.note(self.held, np.where(self.running > 9.5, 1.0, 0.0))
        self.early = np.where(np.abs(self.cycle - 120.0) < 0.5, self.W, self.early)

    def note(self, noted: Any, condition: Any) -> Any:
        """Return the cycle that is noted already; if there is none, this one if `condition` is 1."""
        is_first = np.where(noted < 0.5, 1.0, 0.0) * condition
        return noted + is_first * self.cycle

    def image(self, v: Any) -> Any:
        """Return the probability that each hidden unit is on, with the clean vector clamped."""
        return logistic((self.find_inputs() @ v[: len(self.patterns)]) / self.gathering[1])

    def pattern_error(self, v: Any, target: Any) -> Any:
        """Return 0 once `watch` cycles have passed since the event `until`, and 1 before."""
        event = getattr(self, self.until)
        is_there = np.where(event > 0.5, 1.0, 0.0)
        return 1.0 - is_there * np.where(self.cycle - event > self.watch - 0.5, 1.0, 0.0)


def build_encoder(
    v: int, h: int, process: str = "R1", *, until: str = "solved", gap: int = 1, **numbers: float
) -> type[BoltzmannMachine]:
    """Return the rule of a v-h-v encoder.

    Parameters
    ----------
    v, h : int
        Visible units of each group, and hidden units.
    process : str
        "R1", "N" or "NP" of the plan.
    until : str
        The event until which a machine runs: "near" (v - 1 codes), "solved", "solved_tenth" or
        "held".
    gap : int
        The fewest bits in which any two codes of a solution differ.
    numbers : float
        Values that replace `BoltzmannMachine.numbers`.
    """
    group = np.repeat([0, 1, 2], [v, v, h])
    is_visible = group < 2
    is_within = (group[:, np.newaxis] == group) & is_visible
    is_between = is_visible[:, np.newaxis] != is_visible
    n = 2 * v + h
    noted = "cycle", "last_digit", "near", "solved", "solved_tenth", "running", "held", "lost"
    fields = {
        "shapes": {"W": (n, n)},
        "half_widths": {"W": 0.0},
        "kept": dict.fromkeys(noted, 0.0) | {"early": np.zeros((n, n))},
        "patterns": np.hstack([np.eye(v), np.eye(v)]),
        "targets": np.zeros((v, h)),
        "links": np.where(is_within | is_between | np.eye(n, dtype=bool), 1.0, 0.0),
        "n_units": n,
        "is_noise_anew": process != "R1",
        "is_each_probe_counted": process == "NP",
        "until": until,
        "gap": gap,
        "numbers": BoltzmannMachine.numbers | numbers,
    }
    return type(f"Encoder{v}{h}{v}", (BoltzmannMachine,), fields)
