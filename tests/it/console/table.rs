//! Tables to download: whoever opens one in a spreadsheet runs nothing.

use super::{Member, campaign_fields, id_after};
use crate::harness::eventually;
use crate::harness::server::Folder;

const FORMULAS: [&str; 6] = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"];

#[test]
fn no_cell_of_a_table_begins_as_a_formula() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let site = member.site();
    let mut fields = campaign_fields(&site, "=cmd|'/c calc'!A1");
    fields[6].1 = "@goal";
    assert_eq!(member.post("/campaigns/new", &fields).status, 303);
    let campaign = id_after(&member.get("/campaigns").text(), "/campaigns/");
    for (n, formula) in FORMULAS.iter().enumerate() {
        let pair = |name: &str| super::encoded(&[(name, formula)]);
        let order = super::encoded(&[("txn_id", &format!("{formula}{n}"))]);
        let pixel = format!("/pixel?campaign_id={campaign}&sale_amount=80.00&consent=1");
        let answer = server
            .client
            .get(format!("{pixel}&{order}&{}", pair("source")));
        assert!(answer.is_stored(), "{answer:?}");
    }
    let rows = |path: &str| -> Vec<csv::StringRecord> {
        let answer = member.get(path);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/csv; charset=utf-8")
        );
        let named = answer.header("content-disposition").unwrap_or_default();
        assert!(
            named.starts_with("attachment; filename=\"pixelkeep-"),
            "{named}"
        );
        let mut table = csv::Reader::from_reader(answer.body.as_slice());
        table.records().map(|row| row.unwrap()).collect()
    };
    let conversions = eventually("the sales to be settled", || {
        let rows = rows("/conversions.csv?status=pending");
        (rows.len() == FORMULAS.len()).then_some(rows)
    });
    let report = rows("/reports.csv?group_by=campaign,goal,source");
    assert!(report.len() >= 4, "{report:?}");
    for cell in conversions.iter().chain(&report).flatten() {
        let is_number = cell.parse::<i64>().is_ok_and(|number| number >= 0);
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        assert!(is_number || !formula, "{cell:?}");
    }
    assert!(
        conversions
            .iter()
            .flatten()
            .any(|cell| cell == "'=cmd|'/c calc'!A1")
    );
    assert_eq!(rows("/conversions.csv?status=approved").len(), 0);
    assert_eq!(member.get("/conversions.csv?from=never").status, 400);
}
