"""The only reader and writer of the outcomes of single networks.

Outcomes live in ``RESULTS/outcomes/PROTOCOL_ID/ROOT_SEED/`` as immutable
blocks: one Parquet file for the outcomes of consecutive seeds, and beside it
a side-car with their count table and checksums. A manifest in the same folder
lists protocol, versions and every block.
"""

from replication.store.blocks import SCHEMA, Block, read_block
from replication.store.checking import Checked, Fault, check_study, mend_manifest
from replication.store.manifest import Manifest, read_manifest
from replication.store.store import Store, StudyFolder

__all__ = [
    "SCHEMA",
    "Block",
    "Checked",
    "Fault",
    "Manifest",
    "Store",
    "StudyFolder",
    "check_study",
    "mend_manifest",
    "read_block",
    "read_manifest",
]
