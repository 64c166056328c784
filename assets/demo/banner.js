//! The demo shop's question about consent. Never in here: anything remembered but an acceptance.
(() => {
  'use strict';
  // The first line of the tracker's snippet: calls wait here until its script has loaded.
  window.pixelkeep = window.pixelkeep || function () { (pixelkeep.q = pixelkeep.q || []).push(arguments); };

  const page = document.documentElement;
  const asks = page.dataset.base === '/strict';
  const key = 'harbour-coffee.consent';
  const change = document.getElementById('consent-change');

  const remembered = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = accepted => {
    try {
      if (accepted) localStorage.setItem(key, 'accepted');
      else localStorage.removeItem(key);
    } catch { /* A browser that stores nothing is asked again on the next page. */ }
  };

  const decide = choice => {
    page.dataset.choice = choice;
    // So that this page, loaded again, knows it still; it ends with the tab.
    history.replaceState({ choice }, '');
    if (asks) remember(choice === 'accepted');
    if (choice === 'accepted') pixelkeep('consent', 'granted');
    if (choice === 'refused') pixelkeep('consent', 'denied');
    document.querySelector('.banner')?.remove();
    foot();
    document.dispatchEvent(new Event('choice'));
  };

  const ask = () => {
    if (document.querySelector('.banner')) return;
    const banner = document.createElement('section');
    banner.className = 'banner';
    banner.setAttribute('aria-label', 'Consent');
    banner.innerHTML = `<div class="wrap">
      <p>May we remember that you came by a partner's link, so that the partner is paid if you buy? The shop works the same either way.</p>
      <div class="answers">
        <button type="button" id="consent-accept">Accept</button>
        <button type="button" id="consent-refuse">Refuse</button>
        <button type="button" class="plain" id="consent-later">Not now</button>
      </div></div>`;
    document.querySelector('.top').after(banner);
    for (const [name, choice] of [['accept', 'accepted'], ['refuse', 'refused'], ['later', 'later']])
      document.getElementById(`consent-${name}`).addEventListener('click', () => decide(choice));
  };

  const foot = () => {
    change.hidden = !asks && page.dataset.choice === 'refused';
    change.textContent = asks ? 'Change your consent' : 'Do not follow my visit';
  };

  change.addEventListener('click', () => (asks ? ask() : decide('refused')));

  // A refusal is stored nowhere; it comes along in the shop's own links.
  const told = history.state?.choice || new URLSearchParams(location.search).get('choice');
  if (asks && remembered()) decide('accepted');
  else if (told === 'refused' || (asks && told === 'later')) decide(told);
  else {
    page.dataset.choice = '';
    foot();
    if (asks) ask();
  }
})();
