//! Check boxes, list by list, under the title they stand under.

use super::Reading;
use crate::document::BlockKind;
use crate::model::Checklist;

pub fn checklists(reading: &Reading<'_>) -> Vec<Checklist> {
    let document = reading.document;
    let mut found: Vec<(usize, u32, Checklist)> = Vec::new();
    for block in &document.blocks {
        let BlockKind::Item(item) = &block.kind else { continue };
        if item.check.is_none() {
            continue;
        }
        let text = item.text.iter().map(|l| l.plain.as_str()).collect::<Vec<_>>().join(" ");
        // Boxes inside boxes belong to the list that is open; another list under the same title is another checklist.
        match found.last_mut() {
            Some((section, list, open)) if *section == block.section && (*list == item.list || item.depth > 0) => {
                open.items.push(text);
                open.item_lines.push(block.first);
            }
            _ => {
                let section = reading.titled(block.section);
                let (name, line) = match section {
                    0 => (
                        document
                            .sections
                            .iter()
                            .find(|s| !s.name.is_empty())
                            .map_or_else(String::new, |s| s.name.clone()),
                        block.first,
                    ),
                    _ => (document.sections[section].name.clone(), document.sections[section].line),
                };
                found.push((
                    block.section,
                    item.list,
                    Checklist { name, items: vec![text], item_lines: vec![block.first], line },
                ));
            }
        }
    }
    found.into_iter().map(|(_, _, list)| list).filter(|list| list.items.iter().any(|i| !i.is_empty())).collect()
}
