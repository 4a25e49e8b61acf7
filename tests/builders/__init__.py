"""What tests are built from: forms filled in, offices, mails, mail hosts, LibreOffice."""
