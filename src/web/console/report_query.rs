//! What the report's form asks, read from an address and written back into one.
//! Pure; whether it makes sense is judged by `report`.

use super::form::Form;
use crate::report::Dimension;

/// A question as it stands in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportQuery {
    pub from: String,
    pub to: String,
    pub group_by: Vec<String>,
    /// Each `dimension:value`.
    pub filters: Vec<String>,
}

impl ReportQuery {
    /// Fields left empty say nothing; a period that is not said is `from` to `to`,
    /// and without any other word the days are told apart.
    pub fn read(form: &Form, from: &str, to: &str) -> Self {
        let or = |name: &str, default: &str| match form.text(name) {
            "" => default.to_owned(),
            text => text.to_owned(),
        };
        let mut group_by: Vec<String> = Vec::new();
        for name in form.all("group_by").flat_map(|names| names.split(',')) {
            let name = name.trim();
            if !name.is_empty() && group_by.iter().all(|known| known != name) {
                group_by.push(name.to_owned());
            }
        }
        if !form.has("group_by") {
            group_by.push("day".to_owned());
        }
        let mut filters: Vec<String> = Vec::new();
        let mut add = |filter: String| {
            if !filter.is_empty() && !filters.contains(&filter) {
                filters.push(filter);
            }
        };
        for filter in form.all("filter") {
            add(filter.trim().to_owned());
        }
        for dimension in ["campaign", "publisher"] {
            if !form.text(dimension).is_empty() {
                add(format!("{dimension}:{}", form.text(dimension)));
            }
        }
        if !form.text("filter_by").is_empty() && !form.text("filter_value").is_empty() {
            add(format!(
                "{}:{}",
                form.text("filter_by"),
                form.text("filter_value")
            ));
        }
        ReportQuery {
            from: or("from", from),
            to: or("to", to),
            group_by,
            filters,
        }
    }

    /// The value that this dimension is filtered by, if it is.
    pub fn filter(&self, dimension: &str) -> &str {
        let mut filters = self
            .filters
            .iter()
            .filter_map(|filter| filter.split_once(':'));
        filters
            .find(|(name, _)| *name == dimension)
            .map_or("", |(_, value)| value)
    }

    pub fn without(&self, filter: &str) -> Self {
        let mut fewer = self.clone();
        fewer.filters.retain(|known| known != filter);
        fewer
    }

    pub fn with(&self, filter: String) -> Self {
        let mut more = self.clone();
        more.filters.retain(|known| *known != filter);
        more.filters.push(filter);
        more
    }

    /// The same question as an address of `path`.
    pub fn address(&self, path: &str) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("from", &self.from);
        pairs.append_pair("to", &self.to);
        pairs.append_pair("group_by", &self.group_by.join(","));
        for filter in &self.filters {
            pairs.append_pair("filter", filter);
        }
        format!("{path}?{}", pairs.finish())
    }
}

/// A dimension in the words of a shop owner.
pub fn name(dimension: Dimension) -> String {
    match dimension {
        Dimension::Day => "Day".to_owned(),
        Dimension::Hour => "Hour".to_owned(),
        Dimension::Campaign => "Campaign".to_owned(),
        Dimension::Publisher => "Publisher".to_owned(),
        Dimension::Goal => "Goal".to_owned(),
        Dimension::Country => "Country".to_owned(),
        Dimension::Device => "Device".to_owned(),
        Dimension::Os => "Operating system".to_owned(),
        Dimension::Browser => "Browser".to_owned(),
        Dimension::Source => "Source".to_owned(),
        Dimension::Param(index) => format!("Parameter p{}", index + 1),
        Dimension::LandingPage => "Landing page".to_owned(),
        Dimension::ReferrerHost => "Referring website".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ReportQuery {
        ReportQuery::read(&Form::parse(text.as_bytes()), "2026-01-01", "2026-01-30")
    }

    #[test]
    fn an_empty_form_asks_for_the_days_of_the_default_period() {
        let query = read("");
        assert_eq!(
            (query.from.as_str(), query.to.as_str()),
            ("2026-01-01", "2026-01-30")
        );
        assert_eq!(query.group_by, ["day"]);
        assert!(read("group_by=&group_by=&group_by=").group_by.is_empty());
    }

    #[test]
    fn an_address_reads_back_as_the_same_question() {
        let query = read(
            "from=2026-02-01&to=2026-02-02&group_by=day&group_by=&group_by=country\
             &filter=device%3Amobile&filter_by=source&filter_value=a%3Ab%26c&campaign=00000001",
        );
        assert_eq!(
            query.filters,
            ["device:mobile", "campaign:00000001", "source:a:b&c"]
        );
        let address = query.address("/reports");
        assert_eq!(read(address.split_once('?').unwrap().1), query);
        assert_eq!(query.filter("campaign"), "00000001");
        assert_eq!(query.without("device:mobile").filters.len(), 2);
    }

    #[test]
    fn a_dimension_chosen_twice_counts_once() {
        assert_eq!(
            read("group_by=day&group_by=day&group_by=os").group_by,
            ["day", "os"]
        );
    }
}
