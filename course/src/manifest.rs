//! A crate's Cargo.toml, changed without a change in what stands around.

use std::fmt;
use std::str::FromStr;

use toml_edit::{Array, DocumentMut, Item, TomlError, value};

/// A Cargo.toml.
pub struct Manifest(DocumentMut);

impl FromStr for Manifest {
    type Err = TomlError;

    fn from_str(text: &str) -> Result<Self, TomlError> {
        text.parse().map(Manifest)
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Manifest {
    /// The name of the package, which in this workspace is the program's too.
    pub fn package(&self) -> Option<&str> {
        self.0.get("package")?.get("name")?.as_str()
    }

    /// Gives the package another name.
    pub fn set_package(&mut self, name: &str) {
        if let Some(old) = self.item(&["package", "name"]) {
            *old = value(name);
        }
    }

    /// Whether the crate has this feature.
    pub fn has_feature(&self, name: &str) -> bool {
        self.0.get("features").is_some_and(|features| features.get(name).is_some())
    }

    /// Makes these the workspace's only members.
    pub fn set_members(&mut self, members: &str) {
        for list in ["members", "default-members"] {
            if let Some(old) = self.item(&["workspace", list]) {
                *old = value(Array::from_iter([members]));
            }
        }
    }

    /// Adds something to the version that the members share.
    pub fn extend_version(&mut self, with: &str) {
        if let Some(item) = self.item(&["workspace", "package", "version"]) {
            *item = value(format!("{}{with}", item.as_str().unwrap_or_default()));
        }
    }

    /// Lets a package be built without what only a debugger reads.
    pub fn without_debug_info(&mut self, package: &str) {
        let mut table = toml_edit::table();
        table["debug"] = value(false);
        table["strip"] = value("debuginfo");
        self.0["profile"]["dev"]["package"][package] = table;
    }

    /// What stands at a place; `None` when nothing does.
    fn item(&mut self, place: &[&str]) -> Option<&mut Item> {
        place.iter().try_fold(self.0.as_item_mut(), |item, name| item.get_mut(name))
    }
}
