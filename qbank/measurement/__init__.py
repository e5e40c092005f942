"""Statistics on plain values: no database, no Flask."""
