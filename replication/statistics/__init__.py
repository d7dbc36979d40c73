"""Statistics that know no network and no file: arrays and count tables to numbers."""
