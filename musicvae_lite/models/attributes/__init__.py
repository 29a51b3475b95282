"""More or less of an attribute: ways to move codes, what is kept of them, a table of what they do."""
