"""Files, tables and texts, read as typed data; what can be read in two ways is asked."""
