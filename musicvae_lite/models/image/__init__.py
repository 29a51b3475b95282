"""The parts image models are made of: encoders, decoders, likelihoods, regularisers, their assembly."""
