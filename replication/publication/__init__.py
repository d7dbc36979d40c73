"""A results folder: models, reports and where they are put."""
