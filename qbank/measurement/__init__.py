"""Statistics on plain values and arrays: no database, no Flask."""
