"""Exact formulas and spectral solvers of known accuracy, to measure fields against."""
