"""What one does with codes of music: walk, vary, blend, average, give more of an attribute, go on.

Each move is a function that takes a `MusicVAE` first and gives `Takes`; the model has a method for each.
"""
