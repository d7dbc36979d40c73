"""The only reader and writer of the outcomes of single networks.

The outcomes of a study are the Parquet files in
``RESULTS/outcomes/LAYOUT/PROTOCOL_ID/ROOT_SEED/``, one for each block of consecutive seeds; any
program that reads Parquet reads the folder as it is. Blocks lie on a grid that follows from the
protocol alone (`choose_block_size`), and only the last one of a study is shorter. A name holds the
seeds of a block and the first digits of its SHA-256, the header protocol, root seed and the
versions that made it.

Since the same seeds always give the same outcomes, nothing here has to be protected from being
computed twice: what is missing or damaged is simulated again, and a block that several processes
write at once is the same from each of them. A block appears whole under its name, and is
removed only after a longer one has taken its place. Another layout is another folder, which is
left alone.
"""
