"""Why recirculation is gradient descent in a restricted case, step by step."""

from __future__ import annotations

from replication.report.document import Block, Equation, Paragraph


def derive() -> list[Block]:
    """Return the derivation, each step an equation.

    Returns
    -------
    list of Block
    """
    return [
        Paragraph(
            "**The derivation.** Take one pattern $v$, with hidden activities $h$ in the first "
            "pass and the reconstruction $r$. The error is "
            "$E = \\frac{1}{2} \\sum_i (r_i - v_i)^2$. The "
            "abstract does not say which restricted cases are meant; what follows is our reading. "
            "First step: regression pulls the visible units only part of the way towards the "
            "reconstruction, so the difference between their two passes is a fraction of their "
            "error."
        ),
        Equation(
            latex=r"v_i - v_{2,i} = (1 - \lambda) (v_i - r_i)",
            spoken="v i minus v two i is one minus lambda times v i minus r i",
        ),
        Paragraph(
            "Second step: put this into the rule for the weights from hidden to visible units. "
            "For *linear* visible units the right-hand side is the gradient of $E$. This holds "
            "exactly, for every regression and all weights."
        ),
        Equation(
            latex=r"\Delta U_{ij} = \epsilon h_j (v_i - v_{2,i}) = \epsilon (1 - \lambda) h_j "
            r"(v_i - r_i) = - \epsilon (1 - \lambda) \frac{\partial E}{\partial U_{ij}}",
            spoken="delta U i j is epsilon times h j times v i minus v two i, which is epsilon "
            "times one minus lambda times h j times v i minus r i, which is minus epsilon times "
            "one minus lambda times the derivative of E with respect to U i j",
        ),
        Paragraph(
            "*Logistic* visible units would need a further factor $r_i (1 - r_i)$ for the squared "
            "error. Without it, the same change is the gradient of another error, the "
            "cross-entropy:"
        ),
        Equation(
            latex=r"C = - \sum_i \left( v_i \log (r_i) + (1 - v_i) \log (1 - r_i) \right) \quad "
            r"\Delta U_{ij} = - \epsilon (1 - \lambda) \frac{\partial C}{\partial U_{ij}}",
            spoken="C is minus the sum over i of v i log r i plus one minus v i times log one "
            "minus r i; delta U i j is minus epsilon times one minus lambda times the derivative "
            "of C with respect to U i j",
        ),
        Paragraph(
            "Third step: in the second pass a hidden unit receives a slightly different input. If "
            "the regression is near 1 the difference is small, and the unit answers with the slope "
            "of the logistic function, $h_j (1 - h_j)$."
        ),
        Equation(
            latex=r"\sigma \left( \sum_k W_{jk} v_{2,k} + b_j \right) = h_j - (1 - \lambda) h_j "
            r"(1 - h_j) \sum_k W_{jk} (v_k - r_k) + O \left( (1 - \lambda)^2 \right)",
            spoken="sigma of the sum over k of W j k v two k plus b j is h j minus one minus "
            "lambda times h j times one minus h j times the sum over k of W j k times v k minus "
            "r k, plus terms of the order of one minus lambda squared",
        ),
        Paragraph(
            "Regression on the hidden units then takes a fraction $1 - \\lambda$ of that "
            "difference, once more:"
        ),
        Equation(
            latex=r"h_j - h_{3,j} = (1 - \lambda)^2 h_j (1 - h_j) \sum_k W_{jk} (v_k - r_k) + "
            r"O \left( (1 - \lambda)^3 \right)",
            spoken="h j minus h three j is one minus lambda squared times h j times one minus h "
            "j times the sum over k of W j k times v k minus r k, plus terms of the order of one "
            "minus lambda cubed",
        ),
        Paragraph(
            "Fourth step: the rule for the weights from visible to hidden units multiplies this "
            "by $v_{2,i}$, which is $v_i$ at leading order, and we compare it with the gradient, "
            "which back-propagation computes through the weights $U$."
        ),
        Equation(
            latex=r"\Delta W_{ji} \approx \epsilon (1 - \lambda)^2 v_i h_j (1 - h_j) \sum_k "
            r"W_{jk} (v_k - r_k)",
            spoken="delta W j i is approximately epsilon times one minus lambda squared times v "
            "i times h j times one minus h j times the sum over k of W j k times v k minus r k",
        ),
        Equation(
            latex=r"- \frac{\partial E}{\partial W_{ji}} = v_i h_j (1 - h_j) \sum_k U_{kj} "
            r"(v_k - r_k)",
            spoken="minus the derivative of E with respect to W j i is v i times h j times one "
            "minus h j times the sum over k of U k j times v k minus r k",
        ),
        Paragraph(
            "The two differ only in $W_{jk}$ against $U_{kj}$. If the weights are symmetric, "
            "$W_{jk} = U_{kj}$, each matrix therefore moves along its own gradient: $U$ at the "
            r"rate $\epsilon (1 - \lambda)$, $W$ at the rate $\epsilon (1 - \lambda)^2$. It is "
            "descent with two learning rates. Without regression on the hidden units both rates "
            r"are $\epsilon (1 - \lambda)$, and both matrices together follow one gradient. Biases "
            "are weights from a unit that is always 1, and behave in the same way."
        ),
    ]
