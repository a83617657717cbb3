"""Setsquare: deterministic security findings and canonical fixes for infrastructure code."""

__version__ = "0.1.0"
