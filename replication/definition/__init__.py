"""What is simulated: the protocol, every choice that defines a population of networks."""
