//! A page for the SDK's tests: just enough of a browser, with its own clock, storage and network.
//! No assertion here, and nothing that the SDK itself should be doing.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { webcrypto } from 'node:crypto';

export const source = readFileSync(new URL('../../assets/sdk.js', import.meta.url), 'utf8');
export const TRACKER = 'https://tracker.example';
export const SITE = 'abcdefghjkmn';

/** Like localStorage: its keys are its own properties. */
export class Storage {
  getItem(key) { return Object.hasOwn(this, key) ? this[key] : null; }
  setItem(key, value) { this[key] = String(value); }
  removeItem(key) { delete this[key]; }
}

/** Throws on every use, as a browser does that blocks site data. */
export const blockedStorage = () => new Proxy({}, {
  get() { throw new Error('blocked'); },
  ownKeys() { throw new Error('blocked'); },
});

/** A tracker that can be away; keeps every request it saw. */
export class Tracker {
  requests = [];
  config = { site: SITE, posture: 'strict', goals: ['sale'] };
  configStatus = 200;
  status = 200;
  retryAfter = null;
  away = false;
  verdictsFor = hits => hits.map(({ id }) => ({ id, verdict: 'stored' }));

  events() { return this.requests.filter(request => request.path === '/event'); }
  /** What was counted, without the answers to the banner. */
  hits() { return this.told().filter(hit => hit.type !== 'consent'); }
  told() { return this.events().flatMap(request => request.body.hits); }
  /** Answers to the banner, each with what went with it. */
  answers() {
    return this.events().flatMap(({ body: { consent, visitor, hits } }) =>
      hits.filter(hit => hit.type === 'consent').map(({ id }) => ({ id, consent, visitor })));
  }

  answer(url, options) {
    const { origin, pathname } = new URL(url);
    const request = { origin, path: pathname, options, how: 'fetch' };
    if (options.body) Object.assign(request, { text: options.body, body: JSON.parse(options.body) });
    this.requests.push(request);
    if (this.away) throw new TypeError('Failed to fetch');
    const isEvent = pathname === '/event';
    const status = isEvent ? this.status : this.configStatus;
    const body = isEvent ? { verdicts: this.verdictsFor(request.body.hits) } : this.config;
    return { status, ok: status < 300, json: async () => structuredClone(body),
      headers: { get: name => (name === 'Retry-After' ? this.retryAfter : null) } };
  }
}

export class Page {
  constructor({ tracker = new Tracker(), storage = new Storage(), url = 'https://shop.example/',
    referrer = '', gpc, queue = [], now = Date.UTC(2026, 0, 5), prerendering = false } = {}) {
    Object.assign(this, { tracker, storage, now, timers: [], listeners: {}, beacons: [] });
    const listen = (name, work) => (this.listeners[name] ??= []).push(work);
    const page = this;
    this.location = new URL(url);
    this.document = { currentScript: { src: TRACKER + '/sdk.js', dataset: { site: SITE } },
      referrer, hidden: false, prerendering, addEventListener: listen };
    const go = (_, __, target) => { page.location.href = new URL(target, page.location).href; };
    const stub = function () { (stub.q ??= []).push(arguments); };
    queue.forEach(call => stub(...call));
    const sandbox = {
      document: this.document, location: this.location, localStorage: storage, URL, AbortSignal,
      history: { pushState: go, replaceState: go }, crypto: webcrypto, pixelkeep: stub,
      navigator: { globalPrivacyControl: gpc, sendBeacon: (target, text) => this.beacon(target, text) },
      Date: { now: () => this.now },
      addEventListener: listen,
      setTimeout: (work, delay = 0) => { this.timers.push({ due: this.now + delay, work }); return this.timers.at(-1); },
      clearTimeout: timer => { this.timers = this.timers.filter(other => other !== timer); },
      fetch: async (target, options) => tracker.answer(target, options),
    };
    sandbox.window = sandbox;
    this.window = sandbox;
    this.globals = Object.keys(sandbox);
    vm.createContext(sandbox);
    this.load();
  }

  load() { vm.runInContext(source, this.window); }

  /** The page after its configuration came and what it had to say was said. */
  static async opened(options) {
    const page = new Page(options);
    await page.pass(0);
    return page;
  }

  pixelkeep(...call) { return this.window.pixelkeep(...call); }

  beacon(target, text) {
    this.beacons.push(JSON.parse(text));
    return !this.tracker.away;
  }

  fire(name) { (this.listeners[name] ?? []).forEach(work => work({ type: name })); }

  hide() { this.document.hidden = true; this.fire('visibilitychange'); }

  show() { this.document.hidden = false; this.fire('visibilitychange'); }

  /** Lets `ms` milliseconds go by, with all that falls due in them. */
  async pass(ms) {
    const end = this.now + ms;
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      const next = this.timers.filter(timer => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.timers = this.timers.filter(timer => timer !== next);
      this.now = Math.max(this.now, next.due);
      next.work();
    }
    this.now = end;
  }

  stored() { return Object.keys(this.storage); }

  state() { return JSON.parse(this.storage.getItem(`pixelkeep.${SITE}.state`)); }

  queued() { return this.stored().filter(key => /\.[0-9a-f]{32}$/.test(key)).map(key => JSON.parse(this.storage[key])); }
}
