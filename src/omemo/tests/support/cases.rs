/// So many cases. Those that fail are printed and not kept in a folder, which would lie among the crates.
pub fn cases(cases: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases, failure_persistence: None, ..Default::default() }
}
