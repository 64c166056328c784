//! WebSDK of one site. Never here: another host or global, an error in the page, storage without consent.
(() => {
  const { src, dataset: { site } = {} } = document.currentScript || {};
  if (!site || window.pixelkeep?.track) return;
  const tracker = new URL(src).origin, prefix = `pixelkeep.${site}.`, stateKey = prefix + 'state';
  const landing = location.search.match(/[?&]click_id=([\w-]{9,99})(?=&|$)/)?.[1];
  const gpc = navigator.globalPrivacyControl, flying = new Set();
  let calls = window.pixelkeep?.q || [], held = [], config = {}, click = landing;
  let state, visitor, kept, timer, wait, here, hold = 0, referrer = document.referrer;

  const safe = work => (...given) => { try { return work(...given); } catch {} };
  const storage = safe((act, key, value) => localStorage[act + 'Item'](key, value) ?? 1);
  const read = safe(key => JSON.parse(storage('get', key)));
  const keys = () => safe(() => Object.keys(localStorage).filter(key => key.startsWith(prefix)))() || [];
  const saved = () => read(stateKey) || {};
  const random = () => [...crypto.getRandomValues(new Uint8Array(32))]
    .map(byte => (byte & 15).toString(16)).join('');

  const normal = given => /^(1|granted|yes|true)$/.test(given) ? 'granted'
    : `${given?.ad_storage ? [given.analytics_storage == 'granted' && 'measurement',
      given.ad_storage == 'granted' && 'attribution', given.ad_user_data == 'granted' && 'sharing']
      : given}`.match(/measurement|attribution|sharing/g)?.join() || 'denied';
  const may = purpose => config.site &&
    RegExp(purpose).test(state || config.posture == 'optout' && 'granted');
  const settle = () => {
    const old = saved();
    if (!gpc && may('granted|attribution')) {
      // Made without identity: now or never.
      wait || flush();
      held = held.filter(hit => hit.v);
      visitor ||= old.visitor || random();
      click = landing || old.click;
      kept = storage('set', stateKey,
        JSON.stringify({ at: old.at || Date.now(), posture: config.posture, consent: state, visitor, click }));
      state && state != old.consent && record('consent');
    } else if (config.site || state == 'denied') {
      const gone = old.visitor || !kept && visitor;
      keys().forEach(key => storage('remove', key));
      held = held.filter(hit => !hit.v || hit.type == 'consent');
      visitor = kept = undefined;
      click = landing;
      gone && !gpc && record('consent', 0, gone);
    }
  };
  // Another tab withdrew.
  const check = () => kept && !saved().at && settle(state = 'denied');

  const drop = ({ id }) => {
    held = held.filter(hit => hit.id != id);
    storage('remove', prefix + id);
  };
  const waiting = () => held.concat(keys().map(read))
    .filter(hit => hit?.id && (Date.now() - hit.t < 6048e5 || drop(hit)))
    .sort((a, b) => a.t - b.t);
  const body = batch => JSON.stringify({
    site, consent: batch[0].c, visitor: batch[0].v,
    hits: batch.map(({ t, c, v, ...hit }) => ({ ...hit, age_ms: Math.max(0, Date.now() - t) })),
  });
  const take = () => {
    const batch = [];
    for (const hit of waiting()) {
      const { c, v } = batch[0] || hit;
      if (flying.has(hit.id) || batch.length > 49 || c != hit.c || v != hit.v) continue;
      if (body([...batch, hit]).length < 2e4) batch.push(hit);
    }
    batch.forEach(hit => flying.add(hit.id));
    return batch;
  };

  const at = (work, delay) => {
    clearTimeout(timer);
    timer = setTimeout(work, Math.max(delay, hold - Date.now()));
  };
  const later = work => {
    wait = Math.min(wait * 2 || 1e3, 3e4);
    at(work, wait * (1 + Math.random()));
  };
  const ask = async (path, more) => {
    const answer = await fetch(tracker + path,
      { credentials: 'omit', signal: AbortSignal.timeout?.(3e4), ...more });
    if (answer.status == 429 || answer.status > 499) {
      hold = Date.now() + answer.headers.get('Retry-After') * 1e3 || 0;
      throw 0;
    }
    return answer.ok && answer.json();
  };
  const flush = async () => {
    timer = 0;
    const batch = take();
    if (!batch[0]) return;
    let done = [];
    try {
      const answer = await ask('/event', { method: 'POST', body: body(batch), keepalive: true });
      done = batch.filter(hit => !answer || answer.verdicts.some(({ id }) => id == hit.id));
    } catch {}
    done.forEach(drop);
    batch.forEach(hit => flying.delete(hit.id));
    if (done[0]) at(flush, wait = 0);
    else later(flush);
  };

  const record = (type, more, v) => {
    check();
    const measured = may('granted|measurement');
    if (!v && !measured && config.posture == 'nothing' || !config.site) return;
    const id = random(), cut = url => url.split(visitor ? '#' : /[?#]/)[0].slice(0, 2e3);
    const hit = {
      click_id: click, ...more, id, type, url: cut(location.href), referrer: cut(referrer),
      t: Date.now(), v: v || visitor, c: gpc && measured ? 'measurement' : state };
    visitor && storage('set', prefix + id, JSON.stringify(hit)) || held.push(hit);
    const all = waiting();
    if (all[100]) drop(all.find(hit => hit.type == 'view') || all[0]);
    timer || at(flush, 0);
    return id;
  };
  const view = () => {
    const now = location.href.split('#')[0];
    if (now == here) return;
    referrer = here || referrer;
    here = now;
    record('view');
  };
  const actions = {
    consent: given => settle(state = normal(given)),
    track(goal, more) {
      const hit = {};
      for (const [name, value] of Object.entries({ ...more, goal }))
        if (value != null) hit[name] = `${value.toFixed ? +value.toFixed(2) : value}`;
      return record('conversion', hit);
    },
    click(then) {
      check();
      then?.(click);
      return click;
    },
  };
  const pixelkeep = window.pixelkeep = safe((name, ...given) => {
    return calls ? void calls.push([name, ...given]) : actions[name](...given);
  });
  for (const name in actions) pixelkeep[name] = pixelkeep.bind(0, name);
  pixelkeep.click = safe(actions.click);

  const begin = safe(() => {
    const queued = calls;
    calls = timer = wait = 0;
    if (Date.now() - saved().at > 34e9) storage('remove', stateKey);
    state = saved().consent;
    if (queued.some(([name, given]) => name == 'consent' && normal(given) == 'denied')) state = 'denied';
    settle();
    queued.forEach(call => pixelkeep(...call));
    if (!config.site) return;
    for (const name of ['pushState', 'replaceState']) {
      const change = history[name];
      history[name] = (...given) => { change.apply(history, given); view(); };
    }
    const again = () => { flying.clear(); at(flush, 0); };
    const leave = safe(() => {
      for (let batch; (batch = take())[0];) navigator.sendBeacon(tracker + '/event', body(batch));
    });
    addEventListener('popstate', view);
    addEventListener('online', again);
    addEventListener('pagehide', leave);
    addEventListener('visibilitychange', () => document.hidden ? leave() : again());
    view();
  });
  const start = async () => {
    try {
      config = await ask(`/config/${site}.json`) || {};
    } catch {
      const { posture } = saved();
      if (!posture) return later(start);
      config = { site, posture };
    }
    begin();
  };
  document.prerendering ? document.addEventListener('prerenderingchange', start) : start();
})();
