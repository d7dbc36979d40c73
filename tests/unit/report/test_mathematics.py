"""Formulas: one LaTeX subset, two other notations."""

from xml.etree import ElementTree as ET

import pytest

from replication.report.mathematics import FormulaError, to_mathml, to_typst


@pytest.mark.parametrize(
    ("latex", "mathml", "typst"),
    [
        ("h_1", "<msub><mi>h</mi><mn>1</mn></msub>", "h_(1)"),
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>", "x^(2)"),
        (
            r"\frac{1}{2}",
            "<mfrac><mn>1</mn><mn>2</mn></mfrac>",
            "frac(1, 2)",
        ),
        ("a - b", "<mrow><mi>a</mi><mo>−</mo><mi>b</mi></mrow>", "a − b"),
        (
            r"\sum_i^n",
            "<munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover>",
            "∑_(i)^(n)",
        ),
        (r"\text{all of them}", "<mtext>all of them</mtext>", '"all of them"'),
        (r"\lambda \ge 0", "<mrow><mi>λ</mi><mo>≥</mo><mn>0</mn></mrow>", "λ ≥ 0"),
        ("(x)", None, r"\( x \)"),
        (r"\left| x \right|", None, r"\| x \|"),
        (
            r"x \quad \min y",
            '<mrow><mi>x</mi><mspace width="1em"></mspace>'
            '<mspace width="0.17em"></mspace><mi>min</mi><mi>y</mi></mrow>',
            'x #h(1em) upright("min") y',
        ),
        ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_(1)^(2)"),
        ("x^2_1", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>", "x_(1)^(2)"),
        ("[0.5]", '<mrow><mo stretchy="false">[</mo><mn>0.5</mn><mo stretchy="false">]</mo></mrow>',
         r"\[ 0.5 \]"),
    ],
)
def test_formula_in_both_notations(latex: str, mathml: str | None, typst: str) -> None:
    if mathml is not None:
        assert to_mathml(latex) == f"<math>{mathml}</math>"
    assert to_typst(latex) == typst


def test_mathml_is_well_formed_and_can_be_read_aloud() -> None:
    text = to_mathml(r"\frac{1}{1 + \exp(-x)} < 1", display=True, spoken='a "logistic" < curve')
    element = ET.fromstring(text)
    assert element.get("display") == "block"
    assert element.get("aria-label") == 'a "logistic" < curve'
    assert "".join(element.itertext()) == "11+exp(−x)<1"


@pytest.mark.parametrize(
    ("latex", "complaint"),
    [
        (r"\unknown", "outside the subset"),
        (r"\sqrt{x}", "outside the subset"),
        (r"{\text{x}", "not closed"),
        ("{a", "not closed"),
        ("a}", "not opened"),
        ("_1", "nothing before"),
        ("a_", "ends too early"),
        ("a_1_2", "two subscripts"),
    ],
)
def test_formula_outside_the_subset_is_refused(latex: str, complaint: str) -> None:
    with pytest.raises(FormulaError, match=complaint):
        to_mathml(latex)
