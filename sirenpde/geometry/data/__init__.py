"""Finite points with data, and coefficients that are interpolated."""
