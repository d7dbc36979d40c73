"""Files, tables and texts of others as typed data; what can be read in two ways is asked."""
