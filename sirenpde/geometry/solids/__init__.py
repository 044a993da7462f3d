"""Shapes of space in closed form or given by a function."""
