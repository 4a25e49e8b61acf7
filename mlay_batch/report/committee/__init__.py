"""What the committee reads: the report to sign, its copy for circulation, the chat message."""
