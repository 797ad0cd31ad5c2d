"""What clients do to a server: scripts with barriers, the same for every server, in one place."""
