//! The XMPP stream as a state machine, and one file for each XEP.
