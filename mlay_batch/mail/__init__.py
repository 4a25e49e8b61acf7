"""Letters: texts, MIME, SMTP. Does not use the ledger."""
