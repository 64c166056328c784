//! How consent banners tell the script of an answer: one small script each, to be placed
//! behind the site's own. They stand in files that tests run; here they are only named.

/// One banner's script.
pub struct Recipe {
    pub banner: &'static str,
    /// JavaScript, without the element around it.
    pub script: &'static str,
}

/// The banners that most shops have; a script of the framework serves many more.
pub const RECIPES: [Recipe; 6] = [
    Recipe {
        banner: "Cookiebot",
        script: include_str!("../../assets/recipes/cookiebot.js"),
    },
    Recipe {
        banner: "Usercentrics",
        script: include_str!("../../assets/recipes/usercentrics.js"),
    },
    Recipe {
        banner: "OneTrust",
        script: include_str!("../../assets/recipes/onetrust.js"),
    },
    Recipe {
        banner: "Complianz (WordPress)",
        script: include_str!("../../assets/recipes/complianz.js"),
    },
    Recipe {
        banner: "Google Consent Mode, and what drives it",
        script: include_str!("../../assets/recipes/consent-mode.js"),
    },
    Recipe {
        banner: "Any banner of the IAB's TCF",
        script: include_str!("../../assets/recipes/tcf.js"),
    },
];

impl Recipe {
    /// As it is pasted into a page.
    pub fn html(&self) -> String {
        format!("<script>\n{}</script>", self.script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_may_stand_in_a_page_and_tells_the_script() {
        for recipe in RECIPES {
            assert!(!recipe.script.contains("</"), "{}", recipe.banner);
            assert!(recipe.script.contains("pixelkeep(\"consent\""));
            assert!(
                recipe.script.contains("https://"),
                "no source: {}",
                recipe.banner
            );
        }
    }
}
