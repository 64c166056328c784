// Complianz, version 6 or newer: https://complianz.io/developers-guide-for-third-party-integrations/
(() => {
  const tell = () => {
    const answered = /cmplz_(rt_)?banner-status=dismissed/.test(document.cookie);
    if (!answered || !window.cmplz_has_consent) return; // Not answered yet.
    pixelkeep("consent", cmplz_has_consent("marketing") ? "granted"
      : cmplz_has_consent("statistics") ? "measurement" : "denied");
  };
  for (const name of ["cmplz_fire_categories", "cmplz_status_change"])
    document.addEventListener(name, () => setTimeout(tell)); // Its cookies are written by then.
  tell();
})();
