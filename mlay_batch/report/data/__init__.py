"""Data sheets: one row a thing, as Excel tables that the formulas of the sheets refer to."""
