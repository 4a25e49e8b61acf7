"""Joins the stages, one module a verb. Returns results, prints nothing, asks no clock."""
