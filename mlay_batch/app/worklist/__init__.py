"""The clerk's worklist: a workbook of what is open, in which decisions are chosen and then obeyed.

matters   what is open, each with the state it is offered in
sheets    the rows of the other sheets: letters, returns, this run, periods
book      writes the workbook, finds and reads those that people have filled in
obey      applies decisions on files and periods
dispatch  sends, drafts or hands over the letters as decided
"""
