"""Letters: their words, MIME, SMTP. Knows no ledger."""
