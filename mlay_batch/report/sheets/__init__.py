"""The printed sheets of the consolidated workbook, one module a sheet."""
