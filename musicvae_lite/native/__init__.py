"""Loops that PyTorch has no single operation for, in C. The compiler of the machine makes them once; where
there is none, everything works without them, slower. MUSICVAE_LITE_NATIVE=0 leaves them out."""
