//! The last hours of a job as a row of columns. What ran stands above the line and what didn't hangs below it: success half
//! as high as a failure, a lost run in three pieces, a skip short, a miss long. So they can be told apart without colour.
//!
//! A stretch of equal columns is one stroke, cut into columns by the style sheet's dashes: 500 quiet jobs stay small.

mod shape;

use std::{fmt::Write, slice, time::Duration};

use self::shape::Shape;
use super::{
    figures,
    html::{Html, counted},
};
use crate::api::Bucket;
use jiff::{SignedDuration, Timestamp};

/// The most columns; more buckets than these are added up.
const COLUMNS: usize = 72;
/// How wide a column is, with the gap after it.
const STEP: usize = 4;

/// The drawing, with its summary as its name.
pub(super) fn draw(page: &mut Html, buckets: &[Bucket], bucket_seconds: u32) {
    let columns = columns(buckets);
    let width = (columns.len() * STEP).max(1);
    page.raw(
        "<svg class=\"line\" role=\"img\" width=\"288\" height=\"25\" preserveAspectRatio=\"none\" viewBox=\"0 0 ",
    );
    page.show(width).raw(" 25\"><title>").text(&summary(buckets, bucket_seconds)).raw("</title>");
    let shapes: Vec<_> = columns.iter().map(Shape::of).collect();
    for shape in Shape::ALL {
        let path = path(&shapes, shape);
        if !path.is_empty() {
            page.raw("<path class=\"").raw(shape.class()).raw("\" d=\"").text(&path).raw("\"/>");
        }
    }
    page.raw("</svg>");
}

/// One of each shape, with its word.
pub(super) fn legend(page: &mut Html) {
    page.raw("<ul class=\"legend\" aria-label=\"Shapes of the timeline\">");
    for shape in [Shape::Ok, Shape::Bad, Shape::Lost, Shape::Cancelled, Shape::Running, Shape::Skip, Shape::Miss] {
        let path = path(&[[Some(shape); 2]; 2], shape);
        page.raw("<li><svg class=\"line\" width=\"8\" height=\"25\" aria-hidden=\"true\"><path class=\"")
            .raw(shape.class());
        page.raw("\" d=\"").text(&path).raw("\"/></svg>").raw(shape.word()).raw("</li>");
    }
    page.raw("</ul>");
}

/// `Last 6 h: 712 success, 2 failed, 1 skipped`.
pub(super) fn summary(buckets: &[Bucket], bucket_seconds: u32) -> String {
    format!("Last {}: {}", span(buckets, bucket_seconds), counts(buckets))
}

fn counts(buckets: &[Bucket]) -> String {
    let counts = Shape::ALL.map(|shape| {
        let counts = buckets.iter().map(|bucket| shape.count(bucket));
        // A long run is in many buckets.
        (shape, if shape == Shape::Running { counts.max().unwrap_or(0) } else { counts.sum::<u64>() })
    });
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let parts: Vec<_> = counts.map(|(shape, count)| counted(count, shape.word(), shape.word())).collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

/// The buckets in which anything but success was, as sentences, behind a click.
pub(super) fn in_words(page: &mut Html, buckets: &[Bucket], bucket_seconds: u32) {
    let odd = |bucket: &&Bucket| Shape::ALL.iter().any(|shape| *shape != Shape::Ok && shape.count(bucket) > 0);
    let mut odd = buckets.iter().rev().filter(odd).peekable();
    if odd.peek().is_none() {
        return;
    }
    page.raw("<details id=\"in-words\"><summary>What wasn’t a success, in words</summary><ol class=\"plain\">");
    for bucket in odd {
        let length = SignedDuration::from_secs(bucket_seconds.into());
        let end = bucket.from.checked_add(length).unwrap_or(Timestamp::MAX);
        page.raw("<li>").show(bucket.from.strftime("%T")).raw(" to ").show(end.strftime("%T UTC"));
        page.raw(": ").text(&counts(slice::from_ref(bucket))).raw("</li>");
    }
    page.raw("</ol></details>");
}

/// How long all buckets are: `6 h`.
pub(super) fn span(buckets: &[Bucket], bucket_seconds: u32) -> String {
    let count = u32::try_from(buckets.len()).unwrap_or(u32::MAX);
    figures::duration(Duration::from_secs(bucket_seconds.into()).saturating_mul(count))
}

/// At most [`COLUMNS`] buckets, each the sum of as many.
fn columns(buckets: &[Bucket]) -> Vec<Bucket> {
    let each = buckets.len().div_ceil(COLUMNS).max(1);
    let add = |mut sum: Bucket, bucket: &Bucket| {
        sum.successes += bucket.successes;
        sum.failures += bucket.failures;
        sum.cancelled += bucket.cancelled;
        sum.lost += bucket.lost;
        sum.running += bucket.running;
        for (reason, count) in &bucket.skips {
            *sum.skips.entry(*reason).or_default() += count;
        }
        sum
    };
    let sum = |group: &[Bucket]| {
        let (first, rest) = group.split_first()?;
        Some(rest.iter().fold(first.clone(), add))
    };
    buckets.chunks(each).filter_map(sum).collect()
}

/// A stroke for each stretch of columns with this shape.
fn path(columns: &[[Option<Shape>; 2]], shape: Shape) -> String {
    let mut path = String::new();
    let mut place = 0;
    for stretch in columns.chunk_by(|a, b| a.contains(&Some(shape)) == b.contains(&Some(shape))) {
        if stretch.iter().any(|column| column.contains(&Some(shape))) {
            for height in shape.strokes() {
                // Writing to a string can't fail.
                let _ = write!(path, "M{} {height}h{}", place * STEP, stretch.len() * STEP);
            }
        }
        place += stretch.len();
    }
    path
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use watchkeeper_model::SkipReason;

    use super::{Html, columns, draw, summary};
    use crate::api::Bucket;

    fn empty() -> Bucket {
        Bucket::empty(Timestamp::UNIX_EPOCH)
    }

    fn drawing(buckets: &[Bucket]) -> String {
        let mut page = Html::default();
        draw(&mut page, buckets, 300);
        page.into_string()
    }

    #[test]
    fn a_stretch_of_equal_columns_is_one_stroke() {
        let buckets = vec![Bucket { successes: 60, ..empty() }; 72];
        assert_eq!(drawing(&buckets).matches("<path class=\"l-ok\" d=\"M0 12.5h288\"/>").count(), 1);
        let mut broken = buckets;
        broken[10] = Bucket { failures: 1, ..empty() };
        let drawn = drawing(&broken);
        assert!(drawn.contains("d=\"M0 12.5h40M44 12.5h244\"") && drawn.contains("d=\"M40 8.5h4\""), "{drawn}");
    }

    #[test]
    fn the_summary_counts_everything() {
        let skips = BTreeMap::from([(SkipReason::TooLate, 2), (SkipReason::Overlap, 1)]);
        let mut buckets = vec![Bucket { successes: 20, running: 1, ..empty() }; 71];
        buckets.push(Bucket { failures: 1, skips, running: 1, ..empty() });
        let text = "Last 6 h: 1 failed, 1,420 success, 1 running, 2 missed: too late, 1 skipped";
        assert_eq!(summary(&buckets, 300), text);
        assert_eq!(summary(&[], 300), "Last 0 s: nothing");
        assert!(drawing(&buckets).contains("role=\"img\""));
    }

    #[test]
    fn many_buckets_are_added_up_and_none_is_dropped() {
        let buckets = vec![Bucket { successes: 1, ..empty() }; 360];
        let columns = columns(&buckets);
        assert_eq!(columns.len(), 72);
        assert_eq!(columns.iter().map(|column| column.successes).sum::<u64>(), 360);
    }
}
