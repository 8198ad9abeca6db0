//! Small differences between two lists of rows.
//!
//! Rows have a key that never changes, and in a history also a place that never changes relative
//! to the others; so two versions of a window are both sorted, and one walk over both finds every
//! difference. The walk costs some hundred comparisons for a full window, which is less than one
//! row costs to draw: no bookkeeping of who changed what is needed, and none can be wrong.

/// One step from the list on the screen to the list that is true. Steps are applied in order,
/// each index counting in the list as the steps before it left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diff<T> {
    /// Put `items` in before `index`.
    Insert {
        /// Where.
        index: usize,
        /// What.
        items: Vec<T>,
    },
    /// Take `count` rows out from `index` on.
    Remove {
        /// Where.
        index: usize,
        /// How many.
        count: usize,
    },
    /// The row at `index` is still the same row and now says this.
    Update {
        /// Where.
        index: usize,
        /// What.
        item: T,
    },
    /// Forget all rows and show these.
    Reset(Vec<T>),
}

/// Applies `diffs` to `rows`: what a list model does, and what tests compare with.
pub fn apply<T>(rows: &mut Vec<T>, diffs: Vec<Diff<T>>) {
    for diff in diffs {
        match diff {
            Diff::Insert { index, items } => {
                let index = index.min(rows.len());
                rows.splice(index..index, items);
            }
            Diff::Remove { index, count } => {
                let start = index.min(rows.len());
                let end = start.saturating_add(count).min(rows.len());
                rows.drain(start..end);
            }
            Diff::Update { index, item } => {
                if let Some(row) = rows.get_mut(index) {
                    *row = item;
                }
            }
            Diff::Reset(items) => *rows = items,
        }
    }
}

/// The steps from `old` to `new`, both sorted by `key`.
pub(crate) fn between<T, K>(old: &[T], new: &[T], key: impl Fn(&T) -> K) -> Vec<Diff<T>>
where
    T: Clone + PartialEq,
    K: Ord,
{
    let mut steps = Steps { diffs: Vec::new(), index: 0 };
    let mut old = old.iter().peekable();
    let mut new = new.iter().peekable();
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return steps.diffs,
            (Some(_), None) => {
                old.next();
                steps.remove();
            }
            (None, Some(added)) => {
                steps.insert((*added).clone());
                new.next();
            }
            (Some(before), Some(after)) => match key(before).cmp(&key(after)) {
                std::cmp::Ordering::Less => {
                    old.next();
                    steps.remove();
                }
                std::cmp::Ordering::Greater => {
                    steps.insert((*after).clone());
                    new.next();
                }
                std::cmp::Ordering::Equal => {
                    steps.keep((before != after).then(|| (*after).clone()));
                    old.next();
                    new.next();
                }
            },
        }
    }
}

/// Collects steps and joins neighbours, so that a page of fifty rows is one step.
struct Steps<T> {
    diffs: Vec<Diff<T>>,
    index: usize,
}

impl<T> Steps<T> {
    fn remove(&mut self) {
        match self.diffs.last_mut() {
            Some(Diff::Remove { index, count }) if *index == self.index => *count += 1,
            _ => self.diffs.push(Diff::Remove { index: self.index, count: 1 }),
        }
    }

    fn insert(&mut self, item: T) {
        match self.diffs.last_mut() {
            Some(Diff::Insert { index, items }) if *index + items.len() == self.index => items.push(item),
            _ => self.diffs.push(Diff::Insert { index: self.index, items: vec![item] }),
        }
        self.index += 1;
    }

    fn keep(&mut self, changed: Option<T>) {
        if let Some(item) = changed {
            self.diffs.push(Diff::Update { index: self.index, item });
        }
        self.index += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn applying_the_difference_gives_the_new_list(
            old in prop::collection::btree_map(0u8..60, 0u8..3, 0..40),
            new in prop::collection::btree_map(0u8..60, 0u8..3, 0..40),
        ) {
            let old: Vec<_> = old.into_iter().collect();
            let new: Vec<_> = new.into_iter().collect();
            let mut rows = old.clone();
            apply(&mut rows, between(&old, &new, |row| row.0));
            prop_assert_eq!(rows, new);
        }
    }

    #[test]
    fn a_page_in_front_is_one_step() {
        let new: Vec<i32> = (0..100).collect();
        let diffs = between(&new[50..], &new, |row| *row);
        assert_eq!(diffs, [Diff::Insert { index: 0, items: new[..50].to_vec() }]);
    }

    #[test]
    fn a_row_that_did_not_change_is_not_mentioned() {
        assert_eq!(
            between(&[(1, 'a'), (2, 'b')], &[(1, 'a'), (2, 'c')], |row| row.0),
            [Diff::Update { index: 1, item: (2, 'c') }]
        );
    }
}
