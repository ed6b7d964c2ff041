//! DRF's fields: one value of the body, checked.

use rocket::serde::json::Value;

use crate::errors::{ApiError, FieldErrors};
use crate::parsers::RequestData;

/// A rule for a text: the message when the text breaks it.
pub type Validator<'v> = &'v dyn Fn(&str) -> Option<String>;

/// DRF's CharField: a required text, trimmed, not blank, that passes all validators.
///
/// Mistakes go to `errors`, all of them, and the answer is then `None`.
pub fn char_field(
    data: &RequestData,
    name: &str,
    validators: &[Validator<'_>],
    errors: &mut FieldErrors,
) -> Option<String> {
    let result = match data.0.get(name) {
        None => Err("This field is required."),
        Some(Value::Null) => Err("This field may not be null."),
        Some(value) => text(value).ok_or("Not a valid string."),
    };
    let messages = match result.map(|text| trim(&text).to_string()) {
        Err(message) => vec![message.into()],
        Ok(text) if text.is_empty() => vec!["This field may not be blank.".into()],
        Ok(text) => {
            let rules = validators.iter().chain(&[&no_null_characters as Validator<'_>]);
            let messages: Vec<_> = rules.filter_map(|rule| rule(&text)).collect();
            if messages.is_empty() {
                return Some(text);
            }
            messages
        }
    };
    errors.add(name, messages);
    None
}

/// DRF's EmailField. With `optional` it may be missing or blank, and is `""` then.
pub fn email_field(
    data: &RequestData,
    name: &str,
    optional: bool,
    errors: &mut FieldErrors,
) -> Option<String> {
    let email = match data.0.get(name) {
        None if optional => return Some(String::new()),
        None => Err("This field is required."),
        Some(Value::Null) => Err("This field may not be null."),
        Some(value) => text(value).ok_or("Enter a valid email address."),
    };
    let message = match email.map(|text| trim(&text).to_string()) {
        Err(message) => message.into(),
        Ok(email) if email.is_empty() && optional => return Some(email),
        Ok(email) if email.is_empty() => "This field may not be blank.".into(),
        Ok(email) => match email_address(&email) {
            None => return Some(email),
            Some(message) => message,
        },
    };
    errors.add(name, vec![message]);
    None
}

/// The same as `char_field`, for a text that may be blank.
pub fn blank_field(
    data: &RequestData,
    name: &str,
    validators: &[Validator<'_>],
    errors: &mut FieldErrors,
) -> Option<String> {
    match data.0.get(name).and_then(text) {
        Some(text) if trim(&text).is_empty() => Some(String::new()),
        _ => char_field(data, name, validators, errors),
    }
}

/// Several texts, all required. It takes the body: nothing of that is left afterwards.
pub fn char_fields<const N: usize>(
    data: RequestData,
    names: [&str; N],
) -> Result<[String; N], ApiError> {
    let mut errors = FieldErrors::default();
    let texts = names.map(|name| char_field(&data, name, &[], &mut errors));
    errors.into_result()?;
    Ok(texts.map(Option::unwrap_or_default))
}

/// MinLengthValidator: `min` is in characters, not bytes.
pub fn min_length(min: usize) -> impl Fn(&str) -> Option<String> {
    move |text| {
        (text.chars().count() < min)
            .then(|| format!("Ensure this field has at least {min} characters."))
    }
}

/// MaxLengthValidator: `max` is in characters, not bytes.
pub fn max_length(max: usize) -> impl Fn(&str) -> Option<String> {
    move |text| {
        (text.chars().count() > max)
            .then(|| format!("Ensure this field has no more than {max} characters."))
    }
}

/// EmailValidator, in short: something, `@`, and a domain with a dot or `localhost`.
pub fn email_address(text: &str) -> Option<String> {
    let label = |label: &str| {
        let plain = |c: char| c.is_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(plain) && !label.starts_with('-')
    };
    let stray = |c: char| c == '@' || c.is_whitespace() || c.is_control();
    let good = text.rsplit_once('@').is_some_and(|(name, domain)| {
        let name_good = !name.is_empty() && !name.contains(stray);
        let known = domain == "localhost" || domain.contains('.');
        name_good && known && domain.split('.').all(label) && text.len() <= 254
    });
    (!good).then(|| "Enter a valid email address.".into())
}

fn no_null_characters(text: &str) -> Option<String> {
    text.contains('\0').then(|| "Null characters are not allowed.".into())
}

/// A string, or a number turned into one; `None` for anything else.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        // Beyond 2^53 two different numbers become one float: as passwords they would
        // open each other's account. So large ones are refused; Python keeps them apart.
        Value::Number(number) if number.as_f64()?.abs() < 9e15 => Some(number.to_string()),
        _ => None,
    }
}

/// Python's `strip`, which also takes the four separators U+001C to U+001F.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}
