"""Passwords, sign-in sessions, the permissions table, headers, throttling."""
