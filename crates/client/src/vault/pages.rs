//! Sealed values in pages that keep the limits of one request. Pure.

use twinlock_protocol::api::ValueBlob;
use twinlock_protocol::limits;

/// As few pages as the order allows.
pub(super) fn of(values: Vec<ValueBlob>) -> Vec<Vec<ValueBlob>> {
    let (mut pages, mut bytes): (Vec<Vec<ValueBlob>>, usize) = (Vec::new(), 0);
    for value in values {
        let size = value.blob.len();
        match pages.last_mut() {
            Some(page) if page.len() < limits::PAGE && bytes + size <= limits::PAGE_BYTES => {
                bytes += size;
                page.push(value);
            }
            _ => {
                bytes = size;
                pages.push(vec![value]);
            }
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use twinlock_protocol::Pointer;
    use twinlock_protocol::encoding::Bytes;

    use super::*;

    fn sizes_of_pages(sizes: &[usize]) -> Vec<Vec<usize>> {
        let value = |size: &usize| ValueBlob { pointer: Pointer::new([0; 16]), blob: Bytes(vec![0; *size]) };
        let size = |value: &ValueBlob| value.blob.len();
        of(sizes.iter().map(value).collect()).iter().map(|page| page.iter().map(size).collect()).collect()
    }

    #[test]
    fn a_page_has_so_many_values() {
        let pages = |count| sizes_of_pages(&vec![1; count]).iter().map(Vec::len).collect::<Vec<_>>();
        const PAGE: usize = limits::PAGE;
        assert!(pages(0).is_empty());
        assert_eq!(pages(1), [1]);
        assert_eq!(pages(PAGE), [PAGE]);
        assert_eq!(pages(PAGE + 1), [PAGE, 1]);
        assert_eq!(pages(2 * PAGE + 1), [PAGE, PAGE, 1]);
    }

    #[test]
    fn a_page_has_so_many_bytes() {
        const HALF: usize = limits::PAGE_BYTES / 2;
        assert_eq!(sizes_of_pages(&[HALF, HALF]), [[HALF, HALF]]);
        assert_eq!(sizes_of_pages(&[HALF, HALF + 1]), [[HALF], [HALF + 1]]);
        assert_eq!(sizes_of_pages(&[HALF, HALF, 1, HALF]), [vec![HALF, HALF], vec![1, HALF]]);
        assert_eq!(sizes_of_pages(&[HALF, 1, HALF, 2]), [vec![HALF, 1], vec![HALF, 2]]);
    }
}
