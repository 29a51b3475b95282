"""Encoders, decoders and output heads, and the models assembled from them."""
