"""Certified solutions of PINNacle's problems that have no closed form."""
