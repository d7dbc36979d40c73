"""A results folder: models, reports, placing and verifying them."""
