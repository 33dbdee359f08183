//! What of a table a terminal has room for. No value is ever cut: columns are left out, or stand below each other.

use std::ops::Range;

/// The fewest columns that are worth showing side by side.
const LEAST_SHOWN: usize = 4;

/// The bars and blanks that each column has, and the bar that ends a line, in terminal columns.
const PADDING: usize = 3;
const BORDER: usize = 1;

/// How a table is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Every column.
    Whole,
    /// Every column but these of the middle, in whose place stands one with an ellipsis.
    Without(Range<usize>),
    /// One line a value.
    Vertical,
}

/// How columns of these `widths` are shown on a terminal of so many columns; `None` has room for any.
///
/// Columns are taken from both ends in turn, the first one first, as DuckDB does, until one has no room.
pub fn fit(widths: &[usize], terminal: Option<usize>) -> Fit {
    let needed = |width: &usize| width + PADDING;
    let whole = BORDER + widths.iter().map(needed).sum::<usize>();
    let Some(room) = terminal.filter(|room| whole > *room) else {
        return Fit::Whole;
    };
    let (mut first, mut last) = (0, widths.len());
    let mut used = BORDER + PADDING + 1;
    while first < last {
        let takes_first = first <= widths.len() - last;
        used += needed(&widths[if takes_first { first } else { last - 1 }]);
        if used > room {
            break;
        }
        if takes_first {
            first += 1;
        } else {
            last -= 1;
        }
    }
    if widths.len() - (last - first) < LEAST_SHOWN {
        Fit::Vertical
    } else {
        Fit::Without(first..last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(widths: &[usize], terminal: Option<usize>, expected: &Fit) {
        assert_eq!(&fit(widths, terminal), expected, "{widths:?} on {terminal:?}");
    }

    #[test]
    fn what_has_room_is_whole() {
        check(&[], Some(1), &Fit::Whole);
        check(&[10; 20], None, &Fit::Whole);
        check(&[10; 6], Some(79), &Fit::Whole);
    }

    #[test]
    fn columns_of_the_middle_are_left_out_while_four_are_shown() {
        check(&[10; 6], Some(78), &Fit::Without(3..4));
        check(&[10; 20], Some(80), &Fit::Without(3..18));
        // Four of 13, the one with the ellipsis, and the border.
        check(&[10; 20], Some(57), &Fit::Without(2..18));
        check(&[10; 20], Some(56), &Fit::Vertical);
    }

    #[test]
    fn few_or_wide_columns_stand_below_each_other() {
        check(&[50, 50], Some(80), &Fit::Vertical);
        check(&[100], Some(80), &Fit::Vertical);
        check(&[1, 1, 1, 90, 1, 1], Some(80), &Fit::Without(3..4));
        check(&[90, 1, 1, 1, 1, 1], Some(80), &Fit::Vertical);
    }
}
