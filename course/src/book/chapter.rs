//! Reads a chapter: what it says about files, and what it prints of a terminal.

use std::ops::Range;

use anyhow::{Result, ensure};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::repo::{Repo, Step, at};

/// A chapter, and what in it is bound to the steps.
pub struct Chapter {
    /// `notes/02-registration.md`
    pub path: String,
    /// The text, each line ended by `\n` alone.
    pub text: String,
    /// Whether the file itself ends its lines as Windows does.
    pub crlf: bool,
    /// In their order.
    pub items: Vec<Item>,
    /// How many words it has outside of its code blocks.
    pub words: usize,
}

/// One bound thing in a chapter.
pub struct Item {
    /// Its line, counted from 1.
    pub line: usize,
    pub kind: Kind,
}

pub enum Kind {
    /// A link line and its fence: the file's text, or a change of it.
    Shows { link: Link, fence: Fence },
    /// The same with `, as it stands`: nothing changes.
    Quotes { link: Link, fence: Fence },
    /// `[old](…) becomes [new](…).`
    Renames(Link, Link),
    /// `[old](…) is deleted.`
    Deletes(Link),
    /// A paragraph that begins with `**Checkpoint**`.
    Checkpoint,
    /// Commands and their output.
    Console(Fence),
    /// A heading of any level.
    Heading(String),
}

/// `[src/db.rs](../steps/02-registration/src/db.rs)`
#[derive(Clone, Debug)]
pub struct Link {
    pub line: usize,
    pub text: String,
    pub target: String,
}

/// A fenced code block.
#[derive(Clone, Debug)]
pub struct Fence {
    /// The line of its opening; the body begins on the next.
    pub line: usize,
    pub lang: String,
    pub body: String,
}

impl Fence {
    /// The body's lines, each with its line in the chapter.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.body.lines().zip(self.line + 1..).map(|(text, line)| (line, text))
    }
}

impl Chapter {
    /// Reads a step's chapter.
    pub fn read(repo: &Repo, step: &Step) -> Result<Self> {
        Chapter::parse(&step.chapter(), &repo.read(&step.chapter())?)
    }

    /// Reads a chapter's text. The path is for messages.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let crlf = text.contains("\r\n");
        let text = text.replace("\r\n", "\n");
        let mut reader = Reader::new(path, &text);
        for (event, range) in Parser::new(&text).into_offset_iter() {
            reader.event(event, range)?;
        }
        reader.boundary()?;
        let Reader { items, words, .. } = reader;
        Ok(Chapter { path: path.into(), crlf, items, words, text })
    }

    /// An error at one of the chapter's lines.
    pub fn error(&self, line: usize, what: impl std::fmt::Display) -> anyhow::Error {
        at(&self.path, line, what)
    }
}

/// A piece of a line of text.
#[derive(Clone)]
enum Piece {
    Text(String),
    Link(Link),
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    items: Vec<Item>,
    words: usize,
    /// The lines of the block that is being read: where each begins, and its pieces.
    lines: Vec<(usize, Vec<Piece>)>,
    /// Inside a link: what follows is its text.
    in_link: bool,
    /// A link line that waits for its fence, and whether it quotes.
    link: Option<(Link, bool)>,
    fence: Option<Fence>,
    lists: usize,
}

impl<'a> Reader<'a> {
    fn new(path: &'a str, text: &'a str) -> Self {
        let (items, lines, link, fence) = (Vec::new(), Vec::new(), None, None);
        Reader { path, text, items, words: 0, lines, in_link: false, link, fence, lists: 0 }
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) -> Result<()> {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => self.open(&kind, range)?,
            Event::End(TagEnd::CodeBlock) => self.close()?,
            Event::Text(text) | Event::Code(text) => match &mut self.fence {
                Some(fence) => fence.body.push_str(&text),
                None => self.inline(&text, range.start),
            },
            Event::SoftBreak | Event::HardBreak => self.lines.push((range.end, Vec::new())),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let (line, target) = (self.line(range.start), dest_url.to_string());
                self.push(Piece::Link(Link { line, text: String::new(), target }), range.start);
                self.in_link = true;
            }
            Event::End(TagEnd::Link) => self.in_link = false,
            // Marks, so that `*[a](b)*` is no link line.
            Event::Start(Tag::Strong | Tag::Emphasis | Tag::Image { .. })
            | Event::InlineHtml(_) => self.inline("", range.start),
            Event::End(TagEnd::Strong | TagEnd::Emphasis | TagEnd::Image) => {}
            Event::End(TagEnd::Paragraph) => self.paragraph()?,
            Event::End(TagEnd::Heading(_)) => self.heading(),
            Event::End(TagEnd::Item) => {
                self.boundary()?;
                self.link = None; // a list of links is a list
            }
            Event::Start(Tag::List(_)) => {
                self.boundary()?;
                self.lists += 1;
            }
            Event::End(TagEnd::List(_)) => self.lists -= 1,
            _ => self.boundary()?,
        }
        Ok(())
    }

    fn inline(&mut self, text: &str, offset: usize) {
        let is_word = |word: &&str| word.contains(char::is_alphanumeric);
        self.words += text.split_whitespace().filter(is_word).count();
        if self.in_link
            && let Some((_, pieces)) = self.lines.last_mut()
            && let Some(Piece::Link(link)) = pieces.last_mut()
        {
            link.text.push_str(text);
        } else {
            self.push(Piece::Text(text.into()), offset);
        }
    }

    fn push(&mut self, piece: Piece, offset: usize) {
        if self.lines.is_empty() {
            self.lines.push((offset, Vec::new()));
        }
        if let Some((_, pieces)) = self.lines.last_mut() {
            match (pieces.last_mut(), &piece) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(text),
                _ => pieces.push(piece),
            }
        }
    }

    fn heading(&mut self) {
        let Some((offset, pieces)) = self.lines.drain(..).next() else { return };
        let texts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Link(link) => link.text,
        });
        let (line, text) = (self.line(offset), texts.collect());
        self.items.push(Item { line, kind: Kind::Heading(text) });
    }

    /// A paragraph's end: its last line may be a link line, for the fence that follows.
    fn paragraph(&mut self) -> Result<()> {
        self.no_link_waits()?;
        let lines = std::mem::take(&mut self.lines);
        let Some((start, _)) = lines.first() else { return Ok(()) };
        if self.text[*start..].starts_with("**Checkpoint**") {
            self.items.push(Item { line: self.line(*start), kind: Kind::Checkpoint });
        }
        for (_, pieces) in &lines {
            match pieces.as_slice() {
                [Piece::Link(old), Piece::Text(t)] if t == " is deleted." => {
                    self.items.push(Item { line: old.line, kind: Kind::Deletes(old.clone()) });
                }
                [Piece::Link(old), Piece::Text(t), Piece::Link(new), Piece::Text(dot)]
                    if t == " becomes " && dot == "." =>
                {
                    let kind = Kind::Renames(old.clone(), new.clone());
                    self.items.push(Item { line: old.line, kind });
                }
                _ => {}
            }
        }
        self.link = lines.last().and_then(|(_, pieces)| link_line(pieces));
        Ok(())
    }

    fn open(&mut self, kind: &CodeBlockKind<'_>, range: Range<usize>) -> Result<()> {
        if !self.lines.is_empty() {
            self.paragraph()?;
        }
        let line = self.line(range.start);
        let CodeBlockKind::Fenced(info) = kind else {
            self.no_link_waits()?;
            self.fence = Some(Fence { line, lang: "indented".into(), body: String::new() });
            return Ok(());
        };
        let marks = |text: &str| {
            let text = text.trim_start_matches([' ', '>']);
            let mark = text.chars().next().unwrap_or(' ');
            (mark, text.chars().take_while(|c| *c == mark).count())
        };
        let block = &self.text[range];
        let (open, close) =
            (marks(block), marks(block.trim_end().lines().last().unwrap_or("")));
        let closed = block.trim_end().contains('\n') && open.0 == close.0 && close.1 >= open.1;
        ensure!(closed, at(self.path, line, "this fence is never closed; end it with ```"));
        let lang = info.split_whitespace().next().unwrap_or("").to_string();
        self.fence = Some(Fence { line, lang, body: String::new() });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(fence) = self.fence.take() else { return Ok(()) };
        let (line, kind) = match self.link.take() {
            Some((link, true)) => (link.line, Kind::Quotes { link, fence }),
            Some((link, false)) => (link.line, Kind::Shows { link, fence }),
            None if fence.lang == "console" => (fence.line, Kind::Console(fence)),
            None => return Ok(()),
        };
        self.items.push(Item { line, kind });
        Ok(())
    }

    /// Any block but a fence: a link line before it has missed its fence.
    fn boundary(&mut self) -> Result<()> {
        if !self.lines.is_empty() {
            self.paragraph()?; // the text of a list's item
        }
        self.no_link_waits()
    }

    fn no_link_waits(&mut self) -> Result<()> {
        let Some((link, _)) = self.link.take() else { return Ok(()) };
        let stray = self.lists == 0 && link.target.starts_with("../");
        ensure!(
            !stray,
            at(
                self.path,
                link.line,
                "a link line without a fence after it; add the fence, or write a sentence \
                 around the link"
            )
        );
        Ok(())
    }
}

/// `[file](target)`, perhaps with `, as it stands`, perhaps with a colon.
fn link_line(pieces: &[Piece]) -> Option<(Link, bool)> {
    let (link, after) = match pieces {
        [Piece::Link(link)] => (link, ""),
        [Piece::Link(link), Piece::Text(after)] => (link, after.as_str()),
        _ => return None,
    };
    let quotes = match after {
        "" | ":" => false,
        ", as it stands" | ", as it stands:" => true,
        _ => return None,
    };
    let local = !link.target.contains("://") && !link.target.starts_with('#');
    local.then(|| (link.clone(), quotes))
}
