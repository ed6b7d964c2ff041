//! `{{name}}` in a case: a value from the fixtures, or one that an earlier answer gave.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use super::{Case, Expect};

/// The variables of one group, by name.
pub type Variables = Map<String, Value>;

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{(?:repeat:(?s:(.+?)):(\d+)|([A-Za-z0-9_]+))\}\}").expect("a pattern")
});

/// The value with all its variables replaced. A string that is nothing but one `{{name}}`
/// keeps the variable's type. The error is the name of a variable that was never saved.
pub fn fill(value: &Value, variables: &Variables) -> Result<Value, String> {
    match value {
        Value::String(text) => fill_string(text, variables),
        Value::Array(items) => items.iter().map(|item| fill(item, variables)).collect(),
        Value::Object(members) => {
            let filled =
                members.iter().map(|(name, value)| Ok((name.clone(), fill(value, variables)?)));
            filled.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        other => Ok(other.clone()),
    }
}

/// The same for a text that stays a text.
pub fn fill_text(text: &str, variables: &Variables) -> Result<String, String> {
    let mut missing = None;
    let filled = VARIABLE.replace_all(text, |found: &Captures<'_>| {
        as_text(&lookup(found, variables).unwrap_or_else(|name| {
            missing = Some(name);
            Value::Null
        }))
    });
    missing.map_or_else(|| Ok(filled.into_owned()), Err)
}

/// The names a case needs, whether they are saved or not.
pub fn names(case: &Case) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut text = |text: &str| {
        let found = VARIABLE.captures_iter(text);
        names.extend(found.filter_map(|found| Some(found.get(3)?.as_str().to_string())));
    };
    text(&case.request.path);
    case.request.body.iter().for_each(|body| text(body));
    let Expect { headers, json, differs, text: exact, text_contains, .. } = &case.expect;
    exact.iter().chain(text_contains).for_each(|piece| text(piece));
    let values = [&case.request.headers, headers, &case.mint].into_iter().flat_map(Map::values);
    values.chain(json).chain(differs.values()).for_each(|value| text(&value.to_string()));
    names
}

/// A text as it is, anything else as JSON writes it.
pub fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn fill_string(text: &str, variables: &Variables) -> Result<Value, String> {
    match VARIABLE.captures(text) {
        Some(found) if found.get(0).is_some_and(|all| all.len() == text.len()) => {
            lookup(&found, variables)
        }
        _ => fill_text(text, variables).map(Value::String),
    }
}

fn lookup(found: &Captures<'_>, variables: &Variables) -> Result<Value, String> {
    if let (Some(text), Some(count)) = (found.get(1), found.get(2)) {
        let count = count.as_str().parse().unwrap_or(0);
        return Ok(text.as_str().repeat(count).into());
    }
    let name = found.get(3).map_or("", |name| name.as_str());
    variables.get(name).cloned().ok_or_else(|| name.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::new();
        variables.insert("id".into(), json!(7));
        variables.insert("name".into(), json!("ann"));
        variables
    }

    #[test]
    fn a_lone_variable_keeps_its_type() {
        assert_eq!(fill(&json!(["{{id}}", "n{{id}}"]), &variables()), Ok(json!([7, "n7"])));
    }

    #[test]
    fn a_text_may_hold_several() {
        let text = fill_text("/{{name}}/{{id}}/", &variables());
        assert_eq!(text.as_deref(), Ok("/ann/7/"));
    }

    #[test]
    fn a_text_can_be_repeated() {
        let text = fill_text("{{repeat:ab:3}}!", &variables());
        assert_eq!(text.as_deref(), Ok("ababab!"));
    }

    #[test]
    fn a_missing_one_is_named() {
        let missing = fill(&json!({"a": ["x{{gone}}"]}), &variables());
        assert_eq!(missing, Err("gone".into()));
    }
}
