"""What mail services have on record of the mails they took; one file per service, with the name its mailer has."""
