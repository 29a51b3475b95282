"""Magenta's architectures, number for number: their weights convert one to one.

`reading` says how a step enters, `recurrence` and `cells` are the LSTM, `encoders` and `decoders` the rest.
"""
