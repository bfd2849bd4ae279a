//! What things are: plain data and pure rules. No I/O, no clock, no randomness.
