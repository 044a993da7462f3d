"""What papers did differently from the toolkit: their networks, weights and training."""
