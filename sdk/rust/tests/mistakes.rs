//! Mistakes with the macros are reported at their own place, in words that say what to write.

#[test]
fn mistakes_are_reported_where_they_are() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/plugins/*.rs");
    cases.compile_fail("tests/mistakes/*.rs");
}
