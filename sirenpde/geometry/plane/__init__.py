"""The plane: curves, the outlines that they bound, and shapes."""
