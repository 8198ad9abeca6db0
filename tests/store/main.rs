//! The database from outside: a process that is killed in the middle of a write loses nothing that it
//! said is written. (What needs to look into the database is tested beside it, in `src/store`.)

mod killed;
