"""The only reader and writer of the outcomes of single networks.

The outcomes of a study are the Parquet files in ``RESULTS/outcomes/PROTOCOL_ID/ROOT_SEED/``,
one for each block of consecutive seeds; any program that reads Parquet reads the folder as
it is. Beside it, in ``ROOT_SEED.records/``, stand a side-car for each block, with its count
table and checksums, and a manifest with the protocol, versions and every block. Blocks are
never changed once written.
"""

from replication.store.blocks import SCHEMA, Block, read_block
from replication.store.checking import Checked, Fault, check_study, rebuild_manifest
from replication.store.manifest import Manifest, manifest_path, read_manifest
from replication.store.older import OlderStudy
from replication.store.store import Store, StudyFolder

__all__ = [
    "SCHEMA",
    "Block",
    "Checked",
    "Fault",
    "Manifest",
    "OlderStudy",
    "Store",
    "StudyFolder",
    "check_study",
    "manifest_path",
    "read_block",
    "read_manifest",
    "rebuild_manifest",
]
