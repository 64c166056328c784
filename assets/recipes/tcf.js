// Any banner of the IAB's Transparency and Consent Framework:
// https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
// Purpose 1 stores, purpose 7 measures advertising.
window.__tcfapi?.("addEventListener", 2, (data, ok) => {
  if (!ok || data.gdprApplies === false || !/^(tcloaded|useractioncomplete)$/.test(data.eventStatus)) return;
  const { consents, legitimateInterests = {} } = data.purpose;
  pixelkeep("consent", consents[1] && consents[7] ? "granted"
    : consents[1] && legitimateInterests[7] ? "measurement" : "denied");
});
