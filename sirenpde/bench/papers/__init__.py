"""The experiments of the three papers that the toolkit comes from: a family in a file, published figures beside."""
