"""What is studied: the protocol, its fields, a study, and the paper's statements."""
