"""References: the paper and the methods that were used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.report.document import Block, Bullets, Section

REQUIRES = ("summary",)

PAPER = (
    "Hinton, G. E. & McClelland, J. L. (1988). “Learning Representations by Recirculation.” In "
    "D. Z. Anderson (ed.), *Neural Information Processing Systems* (NIPS 1987), American "
    "Institute of Physics, 358–366."
)
METHODS = (
    "Clopper, C. J. & Pearson, E. S. (1934). “The use of confidence or fiducial limits "
    "illustrated in the case of the binomial.” *Biometrika* 26, 404–413. (Intervals of shares.)",
    "Conover, W. J. (1999). *Practical Nonparametric Statistics*, 3rd edition. Wiley. (Intervals "
    "of quantiles.)",
    "Hall, P. (1992). “On the removal of skewness by transformation.” *Journal of the Royal "
    "Statistical Society B* 54, 221–228. (Intervals of means.)",
    "Schuirmann, D. J. (1987). “A comparison of the two one-sided tests procedure and the power "
    "approach for assessing the equivalence of average bioavailability.” *Journal of "
    "Pharmacokinetics and Biopharmaceutics* 15, 657–680. (Equivalence.)",
    "Zou, G. Y. & Donner, A. (2008). “Construction of confidence limits about effect measures.” "
    "*Statistics in Medicine* 27, 1693–1702. (Joining intervals of means and of shares.)",
)
MULTIVERSE = (
    "Simonsohn, U., Simmons, J. P. & Nelson, L. D. (2020). “Specification curve analysis.” "
    "*Nature Human Behaviour* 4, 1208–1214.",
    "Steegen, S., Tuerlinckx, F., Gelman, A. & Vanpaemel, W. (2016). “Increasing transparency "
    "through a multiverse analysis.” *Perspectives on Psychological Science* 11, 702–712.",
)
BACK_PROPAGATION = (
    "Rumelhart, D. E., Hinton, G. E. & Williams, R. J. (1986). “Learning representations by "
    "back-propagating errors.” *Nature* 323, 533–536."
)


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the list of references, those of absent chapters left out."""
    entries = [PAPER, *METHODS]
    if "multiverse" in models:
        entries += MULTIVERSE
    if "claims" in models:
        entries.append(BACK_PROPAGATION)
    return [
        Section(title="References", anchor="references"),
        Bullets(tuple(sorted(entries))),
    ]
