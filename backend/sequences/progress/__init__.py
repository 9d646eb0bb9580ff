"""Progress: taking people on when they are due, and standing behind their mails before the outbox."""
