"""The encoders of Ackley, Hinton & Sejnowski (1985): the rule, the study, and how it is judged."""
