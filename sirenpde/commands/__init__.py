"""What the commands of the command line do. Each prints its answer and returns its exit code."""
