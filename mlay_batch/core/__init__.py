"""What every part of the program may use: it knows no form, no return and no ledger."""
