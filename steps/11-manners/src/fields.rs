//! DRF's fields: one value of the body, checked.

use rocket::serde::json::Value;

use crate::errors::FieldErrors;
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

/// DRF's EmailField of a model that allows it to be blank: missing and blank are `""`.
pub fn email_field(data: &RequestData, name: &str, errors: &mut FieldErrors) -> Option<String> {
    let message = match data.0.get(name) {
        None => return Some(String::new()),
        Some(Value::Null) => "This field may not be null.",
        Some(value) => {
            let email = text(value).map(|text| trim(&text).to_string());
            match email {
                Some(email) if email.is_empty() || email_address(&email).is_none() => {
                    return Some(email);
                }
                _ => "Enter a valid email address.",
            }
        }
    };
    errors.add(name, vec![message.into()]);
    None
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
