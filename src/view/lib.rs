//! Read models for the screens: turns events into small differences.
