"""People: accounts, roles, first-run set-up, invitations."""
