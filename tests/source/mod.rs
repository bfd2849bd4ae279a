//! The project's own Rust sources as token lists, for the tests that hold the house rules.
//!
//! Tokens, not text: comments and strings cannot be mistaken for code, macro bodies are seen too.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One `.rs` file.
pub(crate) struct Source {
    /// From the package's root, `src/model/id.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

/// One token; groups are flattened to their brackets.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) line: usize,
    /// Inside an item that only a test build compiles.
    pub(crate) test: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ident(String),
    Punct(char),
    Open(char),
    Close(char),
    Literal,
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// From `fn` to the closing brace.
    pub(crate) lines: usize,
    pub(crate) test: bool,
}

/// All `.rs` files below the folder `below` of the package, in order of their paths. Files that
/// `#[cfg(test)] mod name;` declares count as test code throughout.
pub(crate) fn sources(below: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join(below), &mut paths);
    paths.sort();
    let mut sources: Vec<Source> = paths.iter().map(|path| Source::read(root, path)).collect();
    mark_test_files(&mut sources);
    sources
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        Self::parse(path.strip_prefix(root).unwrap().display().to_string(), text)
    }

    pub(crate) fn parse(path: String, text: String) -> Self {
        let stream: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut tokens = Vec::new();
        flatten(stream, false, &mut tokens);
        Self { path, text, tokens }
    }

    /// The crate's module path of the file: `["model", "id"]`; empty for lib.rs and main.rs.
    pub(crate) fn module(&self) -> Vec<&str> {
        let inner = self.path.split_once('/').unwrap().1.trim_end_matches(".rs");
        inner
            .split('/')
            .filter(|part| !matches!(*part, "mod" | "lib" | "main"))
            .collect()
    }

    /// Lines before the unit tests.
    pub(crate) fn lines(&self) -> usize {
        if self.tokens.iter().all(|token| token.test) {
            return 0;
        }
        self.text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .count()
    }

    pub(crate) fn ident(&self, at: usize) -> Option<&str> {
        match &self.tokens.get(at)?.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn is(&self, at: usize, kind: &Kind) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == *kind)
    }

    /// Whether `::` stands at `at`.
    pub(crate) fn is_path_separator(&self, at: usize) -> bool {
        self.is(at, &Kind::Punct(':')) && self.is(at + 1, &Kind::Punct(':'))
    }

    /// Whether the token at `at` begins a path, and is not a later segment of one.
    pub(crate) fn begins_path(&self, at: usize) -> bool {
        at < 2 || !self.is_path_separator(at - 2)
    }

    /// The index of the bracket that closes the one at `open`.
    pub(crate) fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        unreachable!("proc-macro2 gives balanced groups")
    }

    pub(crate) fn functions(&self) -> Vec<Function> {
        (0..self.tokens.len())
            .filter_map(|at| self.function(at))
            .collect()
    }

    fn function(&self, at: usize) -> Option<Function> {
        if self.ident(at) != Some("fn") {
            return None;
        }
        let name = self.ident(at + 1)?.to_owned();
        let mut next = at + 2;
        loop {
            match self.tokens.get(next)?.kind {
                Kind::Open('{') => break,
                Kind::Punct(';') => return None,
                Kind::Open(_) => next = self.closing(next) + 1,
                _ => next += 1,
            }
        }
        let Token { line, test, .. } = self.tokens[at];
        let end = self.tokens[self.closing(next)].line;
        Some(Function {
            name,
            line,
            lines: end - line + 1,
            test,
        })
    }

    /// Names of the modules declared as `#[cfg(test)] mod name;`.
    fn test_modules(&self) -> Vec<&str> {
        let declares = |at: &usize| {
            self.tokens[*at].test
                && self.ident(*at) == Some("mod")
                && self.is(at + 2, &Kind::Punct(';'))
        };
        (0..self.tokens.len())
            .filter(declares)
            .filter_map(|at| self.ident(at + 1))
            .collect()
    }
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn mark_test_files(sources: &mut [Source]) {
    let mut prefixes = Vec::new();
    for source in sources.iter() {
        for name in source.test_modules() {
            let mut module: Vec<&str> = source.module();
            module.push(name);
            prefixes.push(module.join("/"));
        }
    }
    for source in sources {
        let module = source.module().join("/");
        let within = |prefix: &String| {
            module
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if prefixes.iter().any(within) {
            source.tokens.iter_mut().for_each(|token| token.test = true);
        }
    }
}

/// Flattens `stream`; an item under `#[cfg(test)]` or `#[test]` is marked up to its end, which is
/// the first `;` or brace group after the attribute.
fn flatten(stream: TokenStream, in_test: bool, into: &mut Vec<Token>) {
    let mut item_is_test = in_test;
    let mut after_hash = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |kind, test| into.push(Token { kind, line, test });
        match tree {
            TokenTree::Ident(ident) => push(Kind::Ident(ident.to_string()), item_is_test),
            TokenTree::Literal(_) => push(Kind::Literal, item_is_test),
            TokenTree::Punct(punct) => {
                push(Kind::Punct(punct.as_char()), item_is_test);
                if punct.as_char() == ';' {
                    item_is_test = in_test;
                }
                after_hash = punct.as_char() == '#';
                continue;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket => ('[', ']'),
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::None => (' ', ' '),
                };
                if after_hash && open == '[' && is_test_attribute(&group.stream()) {
                    item_is_test = true;
                }
                push(Kind::Open(open), item_is_test);
                flatten(group.stream(), item_is_test, into);
                let end = group.span_close().start().line;
                into.push(Token {
                    kind: Kind::Close(close),
                    line: end,
                    test: item_is_test,
                });
                if open == '{' {
                    item_is_test = in_test;
                }
            }
        }
        after_hash = false;
    }
}

fn is_test_attribute(attribute: &TokenStream) -> bool {
    let words: Vec<String> = attribute
        .to_string()
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .map(str::to_owned)
        .collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    has("test")
        && !has("not")
        && (words[0] == "cfg" || words.last().is_some_and(|last| last == "test"))
}
