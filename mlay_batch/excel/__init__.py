"""What both writers of workbooks know of Excel: text, widths, names of sheets, formulas."""
