//! Starling: the program.

fn main() {}
