"""What a model does with a collection of music beside it: take over its style, search it, learn from it."""
