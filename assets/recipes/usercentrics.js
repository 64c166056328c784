// Usercentrics: https://usercentrics.com/beta-docs/consent-status
// An older version (v2) tells by the Window Event that you name ucEvent in its admin interface:
// https://usercentrics.com/docs/web/features/v2/events_v2/events_v2/
(() => {
  const tell = ({ consent, categories, event, type, ucCategory }) => {
    if (event && event !== "consent_status") return;
    if (!/^explicit$/i.test(consent?.type || type)) return; // Not answered yet.
    const yes = categories ? categories.marketing?.state === "ALL_ACCEPTED" : ucCategory?.marketing === true;
    pixelkeep("consent", yes ? "granted" : "denied");
  };
  for (const name of ["UC_CONSENT", "ucEvent"]) addEventListener(name, ({ detail }) => detail && tell(detail));
  window.__ucCmp?.getConsentDetails().then(tell, () => {});
})();
