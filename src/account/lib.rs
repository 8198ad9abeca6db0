//! Everything one account does with one input: no I/O, no clock, no randomness of its own.
