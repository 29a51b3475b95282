"""The `mvae` command. Every command is one call of the library and a way to show what came back."""
