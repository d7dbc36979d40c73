"""The only reader and writer of the outcomes of single networks.

The outcomes of a study are the Parquet files in
``RESULTS/outcomes/LAYOUT/PROTOCOL_ID/ROOT_SEED/``, one for each block of consecutive seeds; any
program that reads Parquet reads the folder as it is. A block says of itself what it is: its name
holds its seeds and the first digits of its SHA-256, its header the protocol, the root seed, the
digest of its outcomes and the versions that made it. Blocks are never changed once written.
Another layout is another folder, which is left alone.
"""

from replication.store.blocks import LAYOUT, Block, find_blocks, read_block
from replication.store.store import Store, StudyFolder

__all__ = ["LAYOUT", "Block", "Store", "StudyFolder", "find_blocks", "read_block"]
