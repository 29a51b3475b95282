"""What one does with codes of music: vary, blend, average, give more of an attribute.

Each move is a function that takes a `MusicVAE` first and gives `Takes`; the model has a method for each.
"""
