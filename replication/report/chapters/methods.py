"""Methods: the network, its learning rule, and how a reported mean is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.claims import load_claims
from replication.report.choices import name_sizes
from replication.report.document import (
    Block,
    Box,
    Bullets,
    Equation,
    Paragraph,
    Section,
    Table,
)
from replication.report.inline import escape_inline
from replication.report.numbers import format_amount, format_count, format_exact

REQUIRES = ("summary",)


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the methods."""
    summary = models["summary"]
    return [
        Section(title="Methods", anchor="methods"),
        *_describe_network(summary),
        *_describe_simulation(models),
        *_describe_rules(summary),
        *_describe_judgement(models),
    ]


def _describe_network(summary: Mapping[str, Any]) -> list[Block]:
    protocol = summary["study"]["protocol"]
    return [
        Section(title="The network and its learning rule", anchor="learning-rule", level=3),
        Paragraph(
            f"A {name_sizes(protocol)} network has two groups of units in a closed loop: "
            f"{protocol['group_sizes'][0]} visible and {protocol['group_sizes'][1]} hidden ones. "
            "Every visible unit is connected to every hidden unit ($W$) and back ($U$), with "
            "separate weights in the two directions and a bias into every unit ($b$ and $c$). A "
            "unit turns its summed input $x$ into an activity between 0 and 1:"
        ),
        Equation(
            latex=r"\sigma(x) = \frac{1}{1 + \exp(-x)}",
            spoken="sigma of x equals one divided by one plus the exponential of minus x",
        ),
        Paragraph(
            "The training patterns switch on one visible unit each. For one pattern $v_0$, "
            "activity goes round the loop one and a half times. In the first pass the hidden units "
            "see the pattern, and the visible units receive its reconstruction $r_2$. In the "
            "second pass every unit moves only part of the way from its old activity to its new "
            r"one, which is called *regression* ($\lambda$):"
        ),
        Equation(
            latex=r"h_1 = \sigma(W v_0 + b)",
            spoken="h one is sigma of W v zero plus b",
        ),
        Equation(
            latex=r"r_2 = \sigma(U h_1 + c)",
            spoken="r two is sigma of U h one plus c",
        ),
        Equation(
            latex=r"v_2 = \lambda v_0 + (1 - \lambda) r_2",
            spoken="v two is lambda times v zero plus one minus lambda times r two",
        ),
        Equation(
            latex=r"h_3 = \lambda h_1 + (1 - \lambda) \sigma(W v_2 + b)",
            spoken="h three is lambda times h one plus one minus lambda times sigma of "
            "W v two plus b",
        ),
        Paragraph(
            "Each weight then changes by the activity of the unit it comes from times the "
            "difference that the two passes made to the unit it leads to (the paper's equations "
            r"3 and 4, as later replications number them, with the learning rate $\epsilon$):"
        ),
        Equation(
            latex=r"\Delta U_{ij} = \epsilon h_{1,j} (v_{0,i} - v_{2,i})",
            spoken="delta U i j is epsilon times h one j times v zero i minus v two i",
        ),
        Equation(
            latex=r"\Delta W_{ji} = \epsilon v_{2,i} (h_{1,j} - h_{3,j})",
            spoken="delta W j i is epsilon times v two i times h one j minus h three j",
        ),
        Paragraph("A bias changes like a weight from a unit whose activity is always 1."),
        Paragraph(
            f"Here the learning rate is {format_exact(protocol['learning_rate'])} and the "
            f"regression {format_exact(protocol['regression'])}. The changes of all patterns "
            "are added and applied together: that is one *update*. Before each update the "
            "reconstruction error is measured without regression,"
            if protocol["update_schedule"] == "batch"
            else f"Here the learning rate is {format_exact(protocol['learning_rate'])} and "
            f"the regression {format_exact(protocol['regression'])}. Weights change after "
            "each pattern; one sweep over all patterns counts as one *update*. Before each sweep "
            "the reconstruction error is measured,"
        ),
        Equation(
            latex=r"E = \frac{1}{2} \sum_{\text{patterns}} \sum_i (r_{2,i} - v_{0,i})^2",
            spoken="E is half the sum over patterns and visible units of the squared difference "
            "between r two and v zero",
        ),
        Paragraph(
            "and the outcome of a network is the number of updates applied before $E$ first falls "
            f"below {format_exact(protocol['threshold'])}. A network that has not got there "
            f"after {format_amount(protocol['max_updates'], 'update')} is *censored*: we know only "
            "that it needs more. It is never dropped in silence. The choices made here without the "
            "paper's word are listed under [](#limits). A complete set of such choices is called a "
            "*reading* of the paper"
            + (
                "; the one described here is the *base reading*."
                if not summary["study"].get("differences")
                else "; the *base reading*, from which this study differs, is listed there too."
            )
        ),
    ]


def _describe_simulation(models: Mapping[str, Any]) -> list[Block]:
    summary = models["summary"]
    study, population = summary["study"], summary["population"]
    protocol = study["protocol"]
    return [
        Section(title="The simulation", anchor="simulation", level=3),
        Paragraph(
            f"We simulate {format_amount(population['n_networks'], 'network')}, numbered from 0. A "
            "network's number, called its seed, together with the root seed "
            f"{study['root_seed']} fixes its initial weights, drawn uniformly between "
            f"−{format_exact(protocol['half_width'])} and "
            f"{format_exact(protocol['half_width'])}, whatever else is run beside it. The "
            "arithmetic is fixed to the last bit, so that the same seeds give the same outcomes "
            "on other processors; this matters, because learning here amplifies the smallest "
            "difference" + (" (see [](#rounding))." if "rounding" in models else ".")
        ),
    ]


def _describe_rules(summary: Mapping[str, Any]) -> list[Block]:
    restart = summary["thresholds"]["restart_after"]
    cap = summary["population"]["cap"]
    return [
        Section(title="Three ways to average when some never get there", anchor="rules", level=3),
        Paragraph(
            "While some networks have not converged, their mean is not defined until one says "
            "how they count. We do not know what was done in 1988, so every result is given under "
            "three rules:"
        ),
        Bullets(
            (
                "**Dropped** (*discard*): the mean over the networks that converge. The number of "
                "runs $n$ counts only these.",
                f"**Counted at the cap** (*cap*): a network that has not converged enters with "
                f"{format_count(cap)}. $n$ counts all that were started. This mean grows with the "
                "cap.",
                f"**Started again** (*restart*): after {format_count(restart)} updates without "
                "success the network gets new weights, and the updates of all attempts are added "
                "up. $n$ counts the successes.",
            )
        ),
    ]


def _describe_judgement(models: Mapping[str, Any]) -> list[Block]:
    summary = models["summary"]
    thresholds, reported = summary["thresholds"], summary["reported"]
    claim = load_claims()["mean-48"]
    low, high = (format_exact(reported[end]) for end in ("low", "high"))
    text = reported["text"]
    return [
        Section(title="How a reported mean is judged", anchor="judgement", level=3),
        Paragraph(
            f"The report is one rounded number. Any mean from {low} up to but not including "
            f"{high} would have been printed as {text}. Let $M_n$ be the mean of $n$ runs drawn "
            "from the population under one of the rules. Its *law*, that is, how probable each "
            "value of it is, follows *exactly* from the simulated outcomes, by multiplying their "
            "generating function with itself $n$ times; no resampling is involved. From it we take "
            "three things for every $n$ up to "
            f"{format_count(thresholds['max_runs'])}: an interval that holds 95 % of such means, "
            f"the chance to print exactly {text}, and"
        ),
        Equation(
            latex=r"p(n) = \min(1, 2 \min(\Pr(M_n \ge " + low + r"), \Pr(M_n < " + high + ")))",
            spoken=f"p of n is the smaller of one and twice the smaller of two probabilities: that "
            f"the mean is at least {low}, and that it is below {high}",
        ),
        Paragraph(
            f"which is near 1 where {text} lies in the middle of that law and near 0 where it "
            "lies far out. We call $n$ *compatible* with the report while $p(n)$ is above "
            f"{format_exact(thresholds['significance'])}, and write $n^*$ for the largest "
            "compatible $n$. Its interval is found by *tilting*: the observed outcomes are "
            "given weights that move their mean to the one and to the other end of its 95 % "
            "interval, and the search is repeated with each."
        ),
        Paragraph(
            "Whether the population's own mean is the reported one is asked by a test of "
            "equivalence (two one-sided tests at 5 %): it is passed if the 90 % interval of the "
            "mean lies inside the margin, less than "
            f"{format_exact(thresholds['margin_percent'])} % of {text} away from it. A test of "
            "equality would not help, because with many networks it finds any difference, however "
            "small. How often each interval really holds the true value was measured on trial "
            "studies of several sizes"
            + (", see [](#calibration)." if "calibration" in models else ".")
        ),
        Box(title="The rule of the verdict, set before the large run", blocks=(
            Paragraph(escape_inline(claim.rule)),
            Paragraph(
                "Prototypes on other seeds had been seen when the thresholds were set. Rules and "
                "thresholds stand in the file `claims.toml` of the package."
            ),
        )),
        Paragraph("Some usual measures do not apply here ([](#table-not-applicable))."),
        Table(
            name="not-applicable",
            caption="**What was not computed, and why.**",
            header=("Measure", "Why it does not apply"),
            rows=tuple((entry["name"], entry["why"]) for entry in summary["not_applicable"]),
            align="ll",
        ),
    ]  # fmt: skip
