"""Folders of music to deduplicated, split and sharded training windows."""
