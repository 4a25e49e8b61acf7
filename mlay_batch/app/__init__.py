"""Joins the stages, one module a command; returns results, prints nothing."""
