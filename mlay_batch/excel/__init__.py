"""Limits of Excel for both writers of workbooks: text, widths, names of sheets, formulas."""
