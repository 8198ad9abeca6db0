//! The service: threads, sockets, TLS, DNS, keyring and timers that drive the accounts.
