"""How close the paper's learning rate and regression are to the edge and to the best."""
