"""What stages hand to one another: submissions, ledger entries, returns, the register."""
