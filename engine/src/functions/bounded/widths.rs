//! The bytes of each value of a column.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, Int64Type};

/// What a value takes beside its bytes: an offset, a view.
const PLACE_BYTES: u64 = 16;

/// The bytes of every value of `array`, NULL included, with those of all values in it.
pub(super) fn row_bytes(array: &ArrayRef) -> Vec<u64> {
    let rows = array.len();
    if let Some(width) = array.data_type().primitive_width() {
        return vec![width as u64; rows];
    }
    match array.data_type() {
        DataType::Null | DataType::Boolean => vec![1; rows],
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => text_bytes(array),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let offsets = lists
                .value_offsets()
                .iter()
                .map(|offset| usize::try_from(*offset).unwrap_or(0));
            nested_bytes(&offsets.collect::<Vec<_>>(), lists.values())
        }
        DataType::LargeList(_) => {
            let lists = array.as_list::<i64>();
            let offsets = lists
                .value_offsets()
                .iter()
                .map(|offset| usize::try_from(*offset).unwrap_or(0));
            nested_bytes(&offsets.collect::<Vec<_>>(), lists.values())
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let offsets = maps
                .value_offsets()
                .iter()
                .map(|offset| usize::try_from(*offset).unwrap_or(0));
            let entries: ArrayRef = std::sync::Arc::new(maps.entries().clone());
            nested_bytes(&offsets.collect::<Vec<_>>(), &entries)
        }
        DataType::Struct(_) => {
            let columns = array.as_struct().columns().iter().map(row_bytes);
            columns.fold(vec![1; rows], |sums, column| {
                sums.iter().zip(column).map(|(sum, bytes)| sum + bytes).collect()
            })
        }
        // Rare in lists; their rows are taken to be alike.
        _ => vec![(array.get_array_memory_size() / rows.max(1)) as u64 + PLACE_BYTES; rows],
    }
}

fn text_bytes(array: &ArrayRef) -> Vec<u64> {
    let lengths = length(array).and_then(|lengths| cast(&lengths, &DataType::Int64));
    let Ok(lengths) = lengths else {
        return vec![array.get_array_memory_size() as u64; array.len()];
    };
    let lengths = lengths.as_primitive::<Int64Type>().iter();
    let bytes = |length: Option<i64>| length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0) + PLACE_BYTES;
    lengths.map(bytes).collect()
}

/// The bytes of lists that begin and end at `offsets` of `values`.
fn nested_bytes(offsets: &[usize], values: &ArrayRef) -> Vec<u64> {
    let bytes = row_bytes(values);
    let of_list = |ends: &[usize]| bytes.get(ends[0]..ends[1]).map_or(0, |list| list.iter().sum::<u64>());
    offsets.windows(2).map(|ends| of_list(ends) + PLACE_BYTES).collect()
}
