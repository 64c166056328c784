//! What people paste into their pages: the tracking link, the pixels and the
//! WebSDK, with a comment in each that says where it goes. Pure text, escaped for
//! where it stands; no name that somebody typed enters a comment.

use serde::Serialize;

use crate::model::account::{Publisher, Site};
use crate::model::campaign::{Campaign, Goal};
use crate::model::consent::Posture;

/// Everything there is to copy for one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snippets {
    /// A URL.
    pub tracking_link: String,
    /// HTML for the publisher's page.
    pub impression_pixel: String,
    /// HTML for the page after the order.
    pub image_pixel: String,
    /// HTML for the page after the order.
    pub iframe_pixel: String,
    /// HTML for the head of every page of the site, and the call after an order.
    pub sdk: String,
}

const AFTER_ORDER: &str = "\
<!-- Goes in the body of the page shown after the order. Let your shop fill in the words in
braces: the order's number and amount, and the currency such as EUR. Where the shop keeps the
click_id that its landing page was called with, add &amp;click_id=... and it is found for sure. -->
";

/// The snippets of a campaign, with its links credited to `publisher`.
/// `public_url` is the address of this server as visitors reach it.
pub fn snippets(
    public_url: &str,
    site: &Site,
    campaign: &Campaign,
    publisher: Option<&Publisher>,
) -> Snippets {
    let base = public_url.trim_end_matches('/');
    let goal = campaign.settings.goals.first();
    let shown = link(base, "imp", campaign, publisher);
    let bought = attribute(&conversion_url(base, campaign, goal));
    Snippets {
        tracking_link: link(base, "click", campaign, publisher),
        impression_pixel: format!(
            "<!-- Goes where the advertisement is shown. -->\n\
             <img src=\"{}\" width=\"1\" height=\"1\" alt=\"\">",
            attribute(&shown)
        ),
        image_pixel: format!(
            "{AFTER_ORDER}<img src=\"{bought}\" width=\"1\" height=\"1\" alt=\"\">"
        ),
        iframe_pixel: format!(
            "{AFTER_ORDER}<iframe src=\"{bought}&amp;fmt=iframe\" width=\"1\" height=\"1\" \
             title=\"\" aria-hidden=\"true\" tabindex=\"-1\" style=\"border:0\"></iframe>"
        ),
        sdk: sdk(base, site, goal),
    }
}

fn link(base: &str, path: &str, campaign: &Campaign, publisher: Option<&Publisher>) -> String {
    let by = publisher.map_or_else(String::new, |publisher| format!("&pub_id={}", publisher.id));
    format!("{base}/{path}?campaign_id={}{by}", campaign.id)
}

fn conversion_url(base: &str, campaign: &Campaign, goal: Option<&Goal>) -> String {
    let goal = goal.map_or_else(String::new, |goal| format!("&goal_id={}", goal.id));
    format!(
        "{base}/pixel?campaign_id={}{goal}&txn_id={{ORDER_ID}}&sale_amount={{ORDER_AMOUNT}}\
         &currency={{CURRENCY}}",
        campaign.id
    )
}

fn sdk(base: &str, site: &Site, goal: Option<&Goal>) -> String {
    // By name, not id: the sale then counts for whichever campaign of the site
    // the visitor came by.
    let goal = script_text(goal.map_or("sale", |goal| &goal.name));
    let source = attribute(&format!("{base}/sdk.js"));
    let key = site.settings.key;
    let consent = match site.settings.posture {
        Posture::Nothing | Posture::Strict | Posture::Audience | Posture::Reward => {
            "When the visitor agrees: pixelkeep(\"consent\", \"granted\")\n\
             When they withdraw it: pixelkeep(\"consent\", \"denied\")"
        }
        Posture::Optout => "When the visitor objects: pixelkeep(\"consent\", \"denied\")",
    };
    format!(
        r#"<!-- Goes in the head of every page. -->
<script>window.pixelkeep=window.pixelkeep||function(){{(pixelkeep.q=pixelkeep.q||[]).push([...arguments])}}</script>
<script async src="{source}" data-site="{key}"></script>
<!-- In a script on the page shown after the order, with the words in braces filled in:
pixelkeep("track", {goal}, {{
  txn_id: "{{ORDER_ID}}",
  sale_amount: "{{ORDER_AMOUNT}}",
  currency: "{{CURRENCY}}"
}})
{consent} -->"#
    )
}

/// Text as the value of a quoted HTML attribute.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text as a JavaScript string that may stand in a script element or a comment.
fn script_text(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace("--", "-\\u002d")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::{PublisherSettings, SiteSettings};
    use crate::model::campaign::{Approval, CampaignSettings, CampaignStatus, Rule};
    use crate::model::id::{AccountId, CampaignId, GoalId, PublisherId, SiteId, SiteKey};

    fn sample(goal: &str) -> Snippets {
        let account = AccountId::from_random(1);
        let site = Site {
            id: SiteId::from_random(2),
            account,
            settings: SiteSettings {
                name: "Shop".to_owned(),
                key: SiteKey::from_random(3),
                hosts: vec!["shop.example".to_owned()],
                posture: Posture::Strict,
                declaration: None,
            },
        };
        let campaign = Campaign {
            id: CampaignId::from_random(4),
            account,
            settings: CampaignSettings {
                name: "Spring".to_owned(),
                site: site.id,
                landing_urls: vec!["https://shop.example/".to_owned()],
                attribution_days: 30,
                view_through_days: 0,
                status: CampaignStatus::Running,
                goals: vec![Goal {
                    id: GoalId::from_random(5),
                    name: goal.to_owned(),
                    revenue: Rule::NOTHING,
                    payout: Rule::NOTHING,
                    approval: Approval::Auto,
                }],
                report_params: Vec::new(),
            },
        };
        let publisher = Publisher {
            id: PublisherId::from_random(6),
            account,
            settings: PublisherSettings {
                name: "Partner".to_owned(),
                coupon_codes: Vec::new(),
                reward: false,
            },
        };
        snippets("https://t.example/", &site, &campaign, Some(&publisher))
    }

    #[test]
    fn the_tracking_link_is_a_url_and_the_pixels_are_html() {
        let snippets = sample("sale");
        assert_eq!(
            snippets.tracking_link,
            "https://t.example/click?campaign_id=00000004&pub_id=00000006"
        );
        assert!(
            snippets
                .image_pixel
                .contains("/pixel?campaign_id=00000004&amp;goal_id=00000005&amp;txn_id={ORDER_ID}")
        );
        assert!(snippets.iframe_pixel.contains("&amp;fmt=iframe\""));
        assert!(
            snippets
                .impression_pixel
                .contains("/imp?campaign_id=00000004&amp;pub_id=")
        );
        assert!(snippets.sdk.contains("data-site=\"000000000003\""));
    }

    #[test]
    fn each_snippet_says_where_it_goes() {
        let snippets = sample("sale");
        assert!(snippets.sdk.contains("in the head"));
        for pixel in [&snippets.image_pixel, &snippets.iframe_pixel] {
            assert!(pixel.contains("in the body of the page shown after the order"));
        }
    }

    #[test]
    fn a_goal_name_cannot_leave_its_comment_or_its_string() {
        let sdk = sample("--><script>x</script>\"").sdk;
        assert_eq!(sdk.matches("<script").count(), 2);
        assert_eq!(sdk.matches("--").count(), 4);
        assert!(sdk.contains("\\u003cscript\\u003e"));
        assert!(sdk.contains("\\\""));
    }
}
