"""What the paper says, statement by statement, and the study that is compared with it."""
