//! What a stage of a pipeline hands to the next one, as far as that stands in the text.

use brush_parser::ast::{Command, CommandPrefixOrSuffixItem as Item};

use super::arg::Arg;
use super::part::Work;
use super::walk::Stdin;

pub fn out(command: &Command, stdin: &Stdin, work: Work) -> Stdin {
    let Command::Simple(simple) = command else { return Stdin::Pipe };
    let Some(name) = simple.word_or_name.as_ref().map(|w| w.value.as_str()) else { return Stdin::Pipe };
    let words = simple.suffix.iter().flat_map(|s| &s.0).filter_map(|i| match i {
        Item::Word(word) | Item::AssignmentWord(_, word) => Some(Arg::read(&word.value)),
        _ => None,
    });
    let operands: Vec<Arg> = words.filter(|a| !a.text.starts_with('-') || a.quoted).collect();
    match name {
        "echo" | "printf" => {
            let text: Vec<&str> = operands.iter().map(|a| a.text.as_str()).collect();
            Stdin::Text(text.join(" ").replace("\\n", "\n"))
        }
        "cat" | "zcat" | "gunzip" | "gzip" | "xzcat" | "bzcat" | "zstdcat" | "zstd" | "pv" | "xz" | "bunzip2"
        | "bzip2" | "lz4" | "unzip" | "openssl" | "gpg" | "age" => match (operands.last(), stdin) {
            (Some(file), _) => Stdin::File(file.text.clone()),
            (None, Stdin::File(file)) => Stdin::File(file.clone()),
            (None, Stdin::Text(text)) if name == "cat" => Stdin::Text(text.clone()),
            _ => Stdin::Pipe,
        },
        // Files go through filters as files.
        _ if work == Work::Filter => match stdin {
            Stdin::File(file) => Stdin::File(file.clone()),
            _ => Stdin::Pipe,
        },
        _ => Stdin::Pipe,
    }
}
