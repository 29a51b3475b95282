"""Models in forms that other programs run: ONNX here, magenta-js in `musicvae_lite.magenta`."""
