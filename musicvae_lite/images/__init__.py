"""Pictures: reading them, sets of them, corrupting them, cutting them into tiles, drawing figures.

Pictures are uint8 arrays [N, C, H, W] (C is 1 for grey, 3 for red, green, blue) until they meet a model,
which takes and gives float32 in 0..1.
"""
