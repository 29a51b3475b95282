"""Music to a MIDI port, in time: messages with their moments, ports by name, a player that never drifts."""
