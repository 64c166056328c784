//! The overview's chart: days to bars, a line and scales, in the units of an SVG
//! that stretches to its place. Pure geometry.

use jiff::civil::Date;

use super::calendar::short;
use super::wording::count;

/// Size of the drawing, in its own units; the page stretches it.
const WIDTH: i64 = 1_000;
const HEIGHT: i64 = 300;
/// Share of a day's width that its bar takes, in percent.
const BAR_PERCENT: i64 = 68;

/// What one day counted.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub date: Date,
    pub clicks: i64,
    pub conversions: i64,
}

/// One day as drawn.
pub struct Bar {
    pub left: i64,
    pub width: i64,
    pub top: i64,
    pub height: i64,
    /// Of the whole day, to point at.
    pub day_left: i64,
    pub day_width: i64,
    pub date: String,
    pub clicks: String,
    pub conversions: String,
}

pub struct Chart {
    pub bars: Vec<Bar>,
    /// Points of the line, as SVG takes them.
    pub line: String,
    /// Top, middle and bottom of each scale.
    pub clicks_scale: [String; 3],
    pub conversions_scale: [String; 3],
    /// First, middle and last day.
    pub dates: Vec<String>,
    pub is_empty: bool,
}

impl Chart {
    pub fn of(days: &[Day]) -> Self {
        let clicks_top = round_top(days.iter().map(|day| day.clicks).max().unwrap_or(0));
        let conversions_top = round_top(days.iter().map(|day| day.conversions).max().unwrap_or(0));
        let number = i64::try_from(days.len()).unwrap_or(1).max(1);
        let edge = |index: usize| i64::try_from(index).unwrap_or(0) * WIDTH / number;
        let bars = days.iter().enumerate().map(|(index, day)| {
            let (left, right) = (edge(index), edge(index + 1));
            let width = (right - left) * BAR_PERCENT / 100;
            let height = scaled(day.clicks, clicks_top);
            Bar {
                left: left + (right - left - width) / 2,
                width,
                top: HEIGHT - height,
                height,
                day_left: left,
                day_width: right - left,
                date: short(day.date),
                clicks: count(day.clicks),
                conversions: count(day.conversions),
            }
        });
        let points = days.iter().enumerate().map(|(index, day)| {
            let x = i64::midpoint(edge(index), edge(index + 1));
            format!("{x},{}", HEIGHT - scaled(day.conversions, conversions_top))
        });
        Chart {
            line: points.collect::<Vec<_>>().join(" "),
            clicks_scale: scale(clicks_top),
            conversions_scale: scale(conversions_top),
            dates: [0, days.len() / 2, days.len().saturating_sub(1)]
                .iter()
                .filter_map(|&index| days.get(index))
                .map(|day| short(day.date))
                .collect(),
            is_empty: days
                .iter()
                .all(|day| day.clicks == 0 && day.conversions == 0),
            bars: bars.collect(),
        }
    }

    /// The newest day first, for the table that says the same.
    pub fn newest_first(&self) -> impl Iterator<Item = &Bar> {
        self.bars.iter().rev()
    }
}

fn scaled(value: i64, top: i64) -> i64 {
    value.clamp(0, top) * HEIGHT / top
}

fn scale(top: i64) -> [String; 3] {
    [count(top), count(top / 2), "0".to_owned()]
}

/// The next even number that reads well: 2, 4, 6, 10, 20, 40, 60, 100 and so on.
fn round_top(highest: i64) -> i64 {
    let mut power = 1i64;
    loop {
        for step in [2, 4, 6, 10] {
            let top = step * power;
            if highest <= top {
                return top;
            }
        }
        match power.checked_mul(10) {
            Some(next) if next < i64::MAX / 100 => power = next,
            _ => return highest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(clicks: &[i64]) -> Vec<Day> {
        let first: Date = "2026-11-01".parse().unwrap();
        let day = |(index, &clicks)| Day {
            date: first
                .checked_add(jiff::Span::new().days(index as i64))
                .unwrap(),
            clicks,
            conversions: clicks / 10,
        };
        clicks.iter().enumerate().map(day).collect()
    }

    #[test]
    fn scales_end_on_a_number_that_reads_well() {
        for (highest, top) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (5, 6),
            (7, 10),
            (61, 100),
            (1_999, 2_000),
        ] {
            assert_eq!(round_top(highest), top, "{highest}");
        }
        assert!(round_top(i64::MAX) > 0);
    }

    #[test]
    fn bars_fill_the_width_and_never_leave_the_drawing() {
        let chart = Chart::of(&days(&[0, 50, 100, 7, 3, 2, 1]));
        let last = chart.bars.last().unwrap();
        assert_eq!(last.day_left + last.day_width, WIDTH);
        assert_eq!(chart.bars[2].height, HEIGHT);
        assert_eq!(chart.bars[0].height, 0);
        assert!(
            chart
                .bars
                .iter()
                .all(|bar| bar.top >= 0 && bar.top + bar.height == HEIGHT)
        );
        assert_eq!(chart.line.split(' ').count(), 7);
    }

    #[test]
    fn a_chart_of_nothing_is_empty_and_does_not_divide_by_it() {
        assert!(Chart::of(&[]).is_empty);
        assert!(Chart::of(&days(&[0, 0])).is_empty);
    }
}
