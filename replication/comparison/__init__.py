"""Whether reported numbers are what runs of one's own give; knows no network and no file."""
