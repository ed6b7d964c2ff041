//! Sends the cases of one group and looks at the answers.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::failure::{Attempt, Failure, Shown};
use crate::contract::changes::Change;
use crate::contract::compare::{Difference, Kind, compare};
use crate::contract::differences::{Differences, OurAnswer};
use crate::contract::tokens::{mint, never_saved};
use crate::contract::variables::{Variables, as_text, fill, fill_text, names};
use crate::contract::{Case, Expect, Fixtures, Group, Request, dig};
use crate::http::{Address, Answer, Outgoing, send};

/// What a case came to.
pub enum Outcome {
    Passed,
    /// As differences.json says, and not as Django.
    Ours,
    /// Listed there, without saying what is answered instead.
    NotCompared,
    /// As this exercise asks.
    Exercise(String),
    Failed(Box<Failure>),
}

impl Outcome {
    pub fn failure(self) -> Option<Failure> {
        match self {
            Outcome::Failed(failure) => Some(*failure),
            _ => None,
        }
    }
}

/// The cases of one group, on one server.
pub struct Session<'g> {
    group: &'g Group,
    address: &'g Address,
    /// The address to print.
    shown: &'g Address,
    /// The step that the server has come to.
    step: u32,
    variables: Variables,
    /// Variables that should be there, and the request that did not give them.
    broken: BTreeMap<String, Failure>,
}

impl<'g> Session<'g> {
    pub fn new(
        fixtures: &Fixtures,
        group: &'g Group,
        address: &'g Address,
        shown: &'g Address,
        step: u32,
    ) -> Self {
        let variables = fixtures.variables.clone();
        Session { group, address, shown, step, variables, broken: BTreeMap::new() }
    }

    /// A step that is not counted. When it fails, the cases that need it will say so.
    pub async fn setup(&mut self, case: &Case) {
        let found = self.ask(case, None, &[]).await;
        if let Outcome::Failed(failure) = found {
            self.without(case, &failure);
        }
    }

    /// A case, compared with Django's answer and, if it is listed, with ours.
    pub async fn case(&mut self, case: &Case, differences: &Differences) -> Outcome {
        let label = self.group.label(case);
        let needs = names(case);
        let cause = needs.iter().find_map(|name| self.broken.get(name));
        if let Some(cause) = cause.filter(|cause| cause.label != label) {
            let mut failure = cause.clone();
            failure.earlier = Some(failure.label);
            failure.label = label;
            return Outcome::Failed(Box::new(failure));
        }
        let changes: Vec<_> = differences.exercises.of(&label).collect();
        let ours = differences.of(&label);
        let expect = ours.and_then(|answer| answer.ours.as_ref());
        let outcome = match (self.ask(case, expect, &changes).await, ours) {
            (Outcome::Failed(_), Some(OurAnswer { ours: None, .. })) => Outcome::NotCompared,
            (outcome, _) => outcome,
        };
        if let Outcome::Failed(failure) = &outcome {
            self.without(case, failure);
        }
        outcome
    }

    fn without(&mut self, case: &Case, failure: &Failure) {
        for name in case.save.keys().filter(|name| !self.variables.contains_key(*name)) {
            self.broken.insert(name.clone(), failure.clone());
        }
    }

    /// `ours` and the exercises' answers are as right as the contract's.
    async fn ask(
        &mut self,
        case: &Case,
        ours: Option<&Expect>,
        changes: &[&Change],
    ) -> Outcome {
        for (name, recipe) in &case.mint {
            match mint(recipe, &self.variables) {
                Ok(token) => self.variables.insert(name.clone(), token.into()),
                Err(why) => return self.cannot(case, None, &why),
            };
        }
        let request = match outgoing(&case.request, &self.variables) {
            Ok(request) => request,
            Err(name) => return self.cannot(case, None, &never_saved(name)),
        };
        let answer = match send(self.address, &request).await {
            Ok(answer) => answer,
            Err(why) => return self.cannot(case, Some(&request), &format!("{why:#}")),
        };
        let at = |expect: &Expect| case.expected_at(self.step, expect.clone());
        let mut expect = at(&case.expect);
        let mut found = compare(&expect, &answer, &self.variables);
        self.save(case, &answer, &mut found);
        if found.is_empty() {
            return Outcome::Passed;
        }
        let at = |expect: &Expect| case.expected_at(self.step, expect.clone());
        if let Some(ours) = ours {
            expect = at(ours);
            found = compare(&expect, &answer, &self.variables);
            if found.is_empty() {
                return Outcome::Ours;
            }
        }
        let solved = |change: &&&Change| {
            compare(&at(&change.answer), &answer, &self.variables).is_empty()
        };
        if let Some(change) = changes.iter().find(solved) {
            return Outcome::Exercise(change.exercise.clone());
        }
        let shown =
            Shown::exchange(&request, self.shown, &answer, &expect, &self.variables, &found);
        let exercise = changes.first().map(|change| Attempt {
            exercise: change.exercise.clone(),
            begun: change.answer.status == answer.status,
        });
        self.failed(case, shown, found, exercise)
    }

    fn save(&mut self, case: &Case, answer: &Answer, found: &mut Vec<Difference>) {
        let body = answer.json().unwrap_or_default();
        for (name, place) in &case.save {
            match dig(&body, place) {
                Some(value) => {
                    self.variables.insert(name.clone(), value.clone());
                }
                // The comparison has found that already, when it expects the member.
                None if !found.is_empty() => {}
                None => found.push(Difference {
                    kind: Kind::Field,
                    place: place.clone(),
                    got: "missing".into(),
                    want: "a value that later requests need".into(),
                }),
            }
        }
    }

    /// No answer to compare with.
    fn cannot(&self, case: &Case, request: Option<&Outgoing>, why: &str) -> Outcome {
        let found = vec![Difference {
            kind: Kind::Status,
            place: String::new(),
            got: why.into(),
            want: case.expect.status.to_string(),
        }];
        let shown = Shown::no_answer(request, self.shown, why, &case.expect, &self.variables);
        self.failed(case, shown, found, None)
    }

    fn failed(
        &self,
        case: &Case,
        shown: Shown,
        found: Vec<Difference>,
        exercise: Option<Attempt>,
    ) -> Outcome {
        Outcome::Failed(Box::new(Failure {
            group: self.group.name.clone(),
            case: case.name.clone(),
            label: self.group.label(case),
            step: case.step,
            why: case.why.clone(),
            earlier: None,
            exercise,
            shown,
            found,
            lesson: None,
        }))
    }
}

/// The request with its variables filled in. The error is the name of one that is missing.
fn outgoing(request: &Request, variables: &Variables) -> Result<Outgoing, String> {
    let headers = request.headers.iter().map(|(name, value)| {
        let value = fill(value, variables)?;
        Ok((name.clone(), as_text(&value)))
    });
    let body = match (&request.body, &request.body_base64) {
        (_, Some(bytes)) => Some(BASE64_STANDARD.decode(bytes).unwrap_or_default()),
        (Some(text), None) => Some(fill_text(text, variables)?.into_bytes()),
        (None, None) => None,
    };
    Ok(Outgoing {
        method: request.method.clone(),
        path: fill_text(&request.path, variables)?,
        headers: headers.collect::<Result<_, String>>()?,
        body,
    })
}
