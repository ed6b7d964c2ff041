use super::settings;

#[test]
fn the_misspelt_name_stops_the_start_and_the_right_one_is_told() {
    let sentence = settings(&[("CORS_ALLOWS_CREDENTIALS", "true")]).expect_err("a refusal");
    assert!(sentence.contains("CORS_ALLOW_CREDENTIALS"), "{sentence}");
}

#[test]
fn a_blank_value_is_no_value() {
    assert!(settings(&[("CORS_ALLOWS_CREDENTIALS", " ")]).is_ok());
}

#[test]
fn the_right_name_still_works() {
    assert!(settings(&[("CORS_ALLOW_CREDENTIALS", "true")]).is_ok());
}
