"""Training: one module with settings and `train` for each network, and the parts that they share."""
