use super::{accepted, refusal};

#[test]
fn the_misspelt_name_stops_the_start_and_the_right_one_is_told() {
    let sentence = refusal(&[("CORS_ALLOWS_CREDENTIALS", "true")], "");
    let told = sentence.contains("CORS_ALLOW_CREDENTIALS");
    assert!(told, "the refusal must name CORS_ALLOW_CREDENTIALS: {sentence}");
}

#[test]
fn a_blank_value_is_no_value() {
    accepted(&[("CORS_ALLOWS_CREDENTIALS", " ")]);
}

#[test]
fn the_right_name_still_works() {
    accepted(&[("CORS_ALLOW_CREDENTIALS", "true")]);
}
