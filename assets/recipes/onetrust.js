// OneTrust: https://developer.onetrust.com/onetrust/docs/javascript-events-guide
// C0002 and C0004 are its own names for performance and targeting; put yours in where they differ.
(() => {
  const tell = groups => {
    if (!window.OneTrust?.IsAlertBoxClosed()) return; // Not answered yet.
    pixelkeep("consent", groups.includes("C0004") ? "granted" : groups.includes("C0002") ? "measurement" : "denied");
  };
  addEventListener("OneTrustGroupsUpdated", ({ detail }) => tell(detail));
  if (window.OnetrustActiveGroups) tell(OnetrustActiveGroups.split(","));
})();
