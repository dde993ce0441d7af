//! A QR code as one path of an SVG, which needs no image, no style and no script. Pure.

use qrcode::{Color, EcLevel, QrCode};

use crate::dto::Qr;

/// The light frame that readers need around a code, in modules.
const QUIET: usize = 4;

/// The code of a text; none for one that is too long for any.
pub(crate) fn qr(text: &str) -> Option<Qr> {
    // Shown on a screen, where nothing gets dirty: the lowest correction makes the largest squares.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (row, line) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let run = line[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                path += &format!("M{} {}h{run}v1h-{run}z", column + QUIET, row + QUIET);
            }
            column += run.max(1);
        }
    }
    Some(Qr { size: width + 2 * QUIET, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The squares that a path fills.
    fn filled(path: &str) -> usize {
        let runs =
            path.split('M').filter_map(|run| run.split('h').nth(1)?.split('v').next()?.parse::<usize>().ok());
        runs.sum()
    }

    #[test]
    fn the_path_fills_the_dark_squares() {
        let text = "twinlock:join#AZq0vNw7kq3kXhPz8Ft2Yc9m";
        let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let made = qr(text).unwrap();
        assert_eq!((made.size, filled(&made.path)), (code.width() + 8, dark));
        assert!(made.path.starts_with("M4 4h7v1h-7z"), "the finder in the corner: {}", &made.path[..40]);
        assert!(qr(&"x".repeat(4000)).is_none());
    }
}
