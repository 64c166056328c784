// Google Consent Mode: wherever your page updates it, hand the same states on.
// https://developers.google.com/tag-platform/security/guides/consent
(() => {
  const layer = window.dataLayer = window.dataLayer || [];
  const tell = call => {
    const [what, when, states] = Array.from(call || []);
    if (what === "consent" && when === "update" && states.ad_storage) pixelkeep("consent", states);
  };
  const push = layer.push;
  layer.push = (...calls) => { calls.forEach(tell); return push.apply(layer, calls); };
  Array.from(layer).forEach(tell);
})();
