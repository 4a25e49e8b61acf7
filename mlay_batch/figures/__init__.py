"""Quota, rating, completeness and warnings: pure functions of the ledger's current returns."""
