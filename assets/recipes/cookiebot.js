// Cookiebot: https://www.cookiebot.com/en/developer/
(() => {
  const tell = () => {
    const { consent, hasResponse } = window.Cookiebot || {};
    if (!hasResponse) return; // Not answered yet.
    pixelkeep("consent", consent.marketing ? "granted" : consent.statistics ? "measurement" : "denied");
  };
  addEventListener("CookiebotOnConsentReady", tell);
  tell();
})();
