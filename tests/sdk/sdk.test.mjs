//! What the SDK promises, page by page. Nothing here knows how it is written.
import test from 'node:test';
import assert from 'node:assert/strict';
import { brotliCompressSync, constants } from 'node:zlib';
import { Page, SITE, Storage, TRACKER, Tracker, blockedStorage, source } from './page.mjs';

const SEALED = 'Ab-_'.repeat(15) + 'xyz';
const SHARED = 's0123456789abcdefghijklmnop_';
const landed = id => `https://shop.example/welcome?click_id=${id}&utm=1#top`;
const optout = () => Object.assign(new Tracker(), { config: { site: SITE, posture: 'optout', goals: [] } });
const consented = options => Page.opened({ queue: [['consent', 'granted']], ...options });
const day = 86_400_000;

test('it stays under 2,500 bytes with brotli', () => {
  const size = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  assert.ok(size <= 2500, `${size} bytes`);
});

test('a page view goes to the tracker alone, as text, without credentials', async () => {
  const page = await Page.opened({ referrer: 'https://blog.example/post?q=1' });
  const [config, event] = page.tracker.requests;
  assert.equal(config.path, `/config/${SITE}.json`);
  assert.deepEqual(new Set(page.tracker.requests.map(({ origin }) => origin)), new Set([TRACKER]));
  assert.equal(event.options.credentials, 'omit');
  assert.equal(event.options.keepalive, true);
  assert.equal(event.options.headers, undefined);
  assert.deepEqual(Object.keys(event.body), ['site', 'hits']);
  const [{ id, ...hit }] = event.body.hits;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(hit, { type: 'view', age_ms: 0, url: 'https://shop.example/', referrer: 'https://blog.example/post' });
});

test('the page gains no global and keeps the one it had', async () => {
  const page = await Page.opened();
  assert.deepEqual(Object.keys(page.window), page.globals);
  assert.deepEqual(Object.keys(page.window.pixelkeep).sort(), ['click', 'consent', 'track']);
});

test('an empty configuration keeps it silent, whatever the page calls', async () => {
  for (const answer of [{ config: {} }, { configStatus: 404 }]) {
    const page = await consented({ tracker: Object.assign(new Tracker(), answer), url: landed(SHARED) });
    page.pixelkeep('track', 'sale');
    page.window.history.pushState(null, '', '/next');
    await page.pass(day);
    page.hide();
    assert.equal(page.tracker.requests.length, 1);
    assert.deepEqual([page.stored(), page.beacons], [[], []]);
    assert.equal(page.window.pixelkeep.click(), SHARED);
  }
});

test('an empty configuration leaves what an earlier page stored, but a refusal still removes it', async () => {
  const storage = new Storage();
  await consented({ storage });
  const silent = Object.assign(new Tracker(), { config: {} });
  assert.equal((await consented({ storage, tracker: silent })).stored().length, 1);
  assert.equal((await Page.opened({ storage, tracker: silent, queue: [['consent', 'denied']] })).stored().length, 0);
});

test('without an answer to the banner nothing is stored, no id and no query leaves, and the shared token does', async () => {
  const page = await Page.opened({ url: landed(SHARED) });
  page.pixelkeep('track', 'sale', { txn_id: 'A1' });
  await page.pass(0);
  assert.deepEqual(page.stored(), []);
  for (const { body } of page.tracker.events()) {
    assert.deepEqual([body.consent, body.visitor], [undefined, undefined]);
    for (const hit of body.hits) assert.deepEqual([hit.url, hit.click_id], ['https://shop.example/welcome', SHARED]);
  }
});

test('a refusal is told with the next hits and stored nowhere', async () => {
  const page = await Page.opened({ queue: [['consent', 'denied']] });
  assert.equal(page.tracker.events()[0].body.consent, 'denied');
  assert.deepEqual(page.stored(), []);
});

test('words that are no known consent count as a refusal', async () => {
  for (const word of ['maybe', '', undefined, null, 0, false, 'ungranted'])
    assert.equal((await Page.opened({ queue: [['consent', word]] })).tracker.events()[0].body.consent, 'denied', word);
});

test('consent gives a visitor id and keeps the click for later pages', async () => {
  const storage = new Storage();
  const first = await consented({ storage, url: landed(SEALED) });
  const { visitor, consent, hits } = first.tracker.events()[0].body;
  assert.match(visitor, /^[0-9a-f]{32}$/);
  assert.equal(consent, 'granted');
  assert.equal(hits[0].url, landed(SEALED).split('#')[0]);
  const later = await Page.opened({ storage, url: 'https://shop.example/thanks' });
  const { body } = later.tracker.events()[0];
  assert.deepEqual([body.visitor, body.consent, body.hits[0].click_id], [visitor, 'granted', SEALED]);
  assert.equal(later.window.pixelkeep.click(), SEALED);
});

test('a newer landing replaces the stored click', async () => {
  const storage = new Storage();
  await consented({ storage, url: landed(SEALED) });
  await Page.opened({ storage, url: landed(SHARED) });
  assert.equal((await Page.opened({ storage })).tracker.hits()[0].click_id, SHARED);
});

test('yes, true and 1 grant; purposes grant what they name', async () => {
  for (const yes of ['1', 1, 'yes', true])
    assert.equal((await Page.opened({ queue: [['consent', yes]] })).state().consent, 'granted');
  const measured = await Page.opened({ queue: [['consent', 'measurement']] });
  assert.deepEqual([measured.stored(), measured.tracker.events()[0].body.consent], [[], 'measurement']);
  const both = await Page.opened({ queue: [['consent', 'measurement, attribution']] });
  assert.equal(both.tracker.events()[0].body.consent, 'measurement,attribution');
  assert.equal(both.state().consent, 'measurement,attribution');
});

test('what could not be sent without consent is not sent after it', async () => {
  const page = await Page.opened({ tracker: Object.assign(new Tracker(), { status: 503 }) });
  page.pixelkeep('track', 'sale', { txn_id: 'early' });
  await page.pass(5_000);
  page.tracker.status = 200;
  page.tracker.requests.length = 0;
  page.pixelkeep('consent', 'granted');
  page.pixelkeep('track', 'sale', { txn_id: 'late' });
  await page.pass(120_000);
  assert.deepEqual(page.tracker.hits().map(hit => hit.txn_id), ['late']);
});

test('what was made just before the grant leaves as it was made, and is never tried again', async () => {
  const page = new Page({ queue: [['track', 'sale', { txn_id: 'before' }], ['consent', 'granted']] });
  await page.pass(0);
  const before = page.tracker.events().find(({ body }) => body.hits[0].txn_id);
  assert.deepEqual([before.body.visitor, before.body.consent, before.body.hits.length], [undefined, undefined, 1]);
  assert.ok(page.tracker.events().some(({ body }) => body.visitor && body.hits.some(hit => hit.type === 'view')));
  const away = await Page.opened({ tracker: Object.assign(new Tracker(), { status: 503 }),
    queue: [['track', 'sale', { txn_id: 'before' }], ['consent', 'granted']] });
  await away.pass(120_000);
  assert.equal(away.tracker.hits().filter(hit => hit.txn_id).length, 1);
});

test('a refusal called before it loaded holds for the calls before it', async () => {
  const page = await Page.opened({ tracker: optout(), queue: [['track', 'sale'], ['consent', 'denied']] });
  assert.equal(page.tracker.hits().length, 2);
  assert.ok(page.tracker.events().every(({ body }) => !body.visitor));
});

test('an opt-out shop counts no answer as consent, and a withdrawal removes all at once', async () => {
  const page = await Page.opened({ tracker: optout(), url: landed(SEALED) });
  assert.match(page.tracker.events()[0].body.visitor, /^[0-9a-f]{32}$/);
  assert.equal(page.tracker.events()[0].body.consent, undefined);
  page.tracker.away = true;
  page.pixelkeep('track', 'sale');
  await page.pass(0);
  assert.equal(page.queued().length, 1);
  page.pixelkeep('consent', 'denied');
  assert.deepEqual(page.stored(), []);
  page.tracker.away = false;
  page.tracker.requests.length = 0;
  await page.pass(120_000);
  assert.deepEqual([page.tracker.hits(), page.tracker.answers().length], [[], 1]);
});

test('a strict grant withdrawn later leaves nothing and no visitor', async () => {
  const page = await consented({ url: 'https://shop.example/a' });
  page.pixelkeep('consent', 'denied');
  page.pixelkeep('track', 'sale');
  await page.pass(0);
  assert.deepEqual(page.stored(), []);
  const { body } = page.tracker.events().find(({ body }) => body.hits[0].goal);
  assert.deepEqual([body.consent, body.visitor], ['denied', undefined]);
});

test('after a withdrawal neither the stored click nor a hit held in memory under consent leaves', async () => {
  const storage = new Storage();
  await consented({ storage, url: landed(SEALED) });
  const page = await Page.opened({ storage });
  page.pixelkeep('consent', 'denied');
  assert.equal(page.window.pixelkeep.click(), undefined);
  const blocked = await consented({ storage: blockedStorage() });
  blocked.tracker.away = true;
  blocked.pixelkeep('track', 'sale');
  blocked.pixelkeep('consent', 'denied');
  blocked.tracker.away = false;
  await blocked.pass(60_000);
  assert.equal(blocked.tracker.hits().length, 1);
});

test('where nothing may be counted nothing leaves before a grant, nor after a refusal', async () => {
  const nothing = () => Object.assign(new Tracker(), { config: { site: SITE, posture: 'nothing', goals: [] } });
  for (const queue of [[], [['consent', 'denied']]]) {
    const page = await Page.opened({ tracker: nothing(), queue });
    page.pixelkeep('track', 'sale');
    await page.pass(1_000);
    assert.deepEqual([page.tracker.events(), page.stored()], [[], []]);
  }
  const storage = new Storage();
  const page = await consented({ tracker: nothing(), storage });
  assert.equal(page.tracker.hits().length, 1);
  const { visitor } = page.state();
  page.pixelkeep('consent', 'denied');
  page.pixelkeep('track', 'sale');
  await page.pass(1_000);
  assert.equal(page.tracker.hits().length, 1);
  assert.deepEqual(page.tracker.answers().at(-1), { id: page.tracker.answers().at(-1).id, consent: 'denied', visitor });
});

test('a grant is told once, and again only when it changes', async () => {
  const storage = new Storage();
  const first = await consented({ storage });
  const [told] = first.tracker.answers();
  assert.match(told.id, /^[0-9a-f]{32}$/);
  assert.deepEqual([told.consent, told.visitor], ['granted', first.state().visitor]);
  const again = await consented({ storage });
  assert.deepEqual(again.tracker.answers(), []);
  again.pixelkeep('consent', 'measurement,attribution');
  await again.pass(0);
  assert.deepEqual(again.tracker.answers().map(({ consent }) => consent), ['measurement,attribution']);
});

test('a withdrawal names whose data must go, once, even where the tracker was away', async () => {
  const storage = new Storage();
  const { visitor } = (await consented({ storage })).state();
  const page = await Page.opened({ storage, tracker: Object.assign(new Tracker(), { away: true }), queue: [] });
  page.tracker.away = false;
  await page.pass(10_000);
  page.tracker.away = true;
  page.pixelkeep('consent', 'denied');
  page.pixelkeep('consent', 'denied');
  assert.deepEqual(page.stored(), []);
  await page.pass(1_000);
  page.tracker.away = false;
  page.tracker.requests.length = 0;
  await page.pass(60_000);
  assert.deepEqual(page.tracker.answers().map(({ consent, visitor }) => [consent, visitor]), [['denied', visitor]]);
});

test('a withdrawal called before it loaded names the visitor of an earlier page', async () => {
  const storage = new Storage();
  const { visitor } = (await consented({ storage })).state();
  const page = await Page.opened({ storage, queue: [['consent', 'denied']] });
  assert.deepEqual(page.tracker.answers().map(({ visitor }) => visitor), [visitor]);
  assert.ok(page.tracker.events().every(({ body }) => !body.visitor || body.hits.every(hit => hit.type === 'consent')));
});

test('a refusal without an earlier grant tells of nobody', async () => {
  const page = await Page.opened({ queue: [['consent', 'denied']] });
  page.pixelkeep('consent', 'denied');
  await page.pass(0);
  assert.deepEqual(page.tracker.answers(), []);
});

test('the states of Google Consent Mode are understood purpose by purpose', async () => {
  const mode = (analytics_storage, ad_storage, ad_user_data) =>
    ({ ad_personalization: 'granted', analytics_storage, ad_storage, ad_user_data });
  for (const [given, told] of [
    [mode('granted', 'granted', 'granted'), 'measurement,attribution,sharing'],
    [mode('granted', 'granted', 'denied'), 'measurement,attribution'],
    [mode('granted', 'denied', 'denied'), 'measurement'],
    [mode('denied', 'denied', 'denied'), 'denied'],
    [mode(undefined, 'denied', undefined), 'denied'],
    [{ analytics_storage: 'granted' }, 'denied'],
  ]) {
    const page = await Page.opened({ queue: [['consent', given]] });
    const said = page.tracker.events().find(({ body }) => body.hits.some(hit => hit.type === 'view'));
    assert.equal(said.body.consent, told);
    assert.equal(page.stored().length > 0, told.includes('attribution'), told);
  }
});

test('a withdrawal in one tab holds in the others', async () => {
  const storage = new Storage();
  const [here, there] = [await consented({ storage }), await consented({ storage })];
  there.pixelkeep('consent', 'denied');
  here.pixelkeep('track', 'sale');
  await here.pass(0);
  assert.deepEqual(storage, new Storage());
  assert.equal(here.tracker.events().at(-1).body.visitor, undefined);
});

test('global privacy control overrules a grant, an earlier grant and an opt-out shop', async () => {
  const storage = new Storage();
  await consented({ storage });
  for (const tracker of [new Tracker(), optout()]) {
    const page = await consented({ gpc: true, storage, tracker });
    assert.deepEqual(page.stored(), []);
    assert.deepEqual([page.tracker.events()[0].body.visitor, page.tracker.events()[0].body.consent], [undefined, 'measurement']);
  }
  const silent = await Page.opened({ gpc: true });
  assert.equal(silent.tracker.events()[0].body.consent, undefined);
  const refused = await Page.opened({ gpc: true, tracker: optout(), queue: [['consent', 'denied']] });
  assert.equal(refused.tracker.events()[0].body.consent, 'denied');
});

test('a visitor of thirteen months ago is forgotten', async () => {
  const storage = new Storage();
  const first = await consented({ storage });
  const later = await Page.opened({ storage, now: first.now + 400 * day });
  assert.deepEqual([later.stored(), later.tracker.events()[0].body.visitor], [[], undefined]);
});

test('a sale made while the tracker is away is sent once it is back, under the same id and with its age', async () => {
  const page = await consented();
  page.tracker.away = true;
  const id = page.pixelkeep('track', 'sale', { txn_id: 'A7', sale_amount: 49.9, currency: 'EUR' });
  const start = page.tracker.requests.length;
  await page.pass(200_000);
  const tries = page.tracker.requests.length - start;
  assert.ok(tries >= 6 && tries <= 12, `${tries} tries`);
  page.tracker.away = false;
  await page.pass(60_000);
  const hit = page.tracker.hits().at(-1);
  assert.deepEqual([hit.id, hit.txn_id, hit.sale_amount, hit.goal], [id, 'A7', '49.9', 'sale']);
  assert.ok(hit.age_ms >= 200_000 && hit.age_ms <= 260_000);
  assert.deepEqual(page.queued(), []);
  page.tracker.requests.length = 0;
  await page.pass(day);
  assert.deepEqual(page.tracker.requests, []);
});

test('with consent the queue survives the page, and is sent as it was made', async () => {
  const storage = new Storage();
  const first = await consented({ storage });
  first.tracker.away = true;
  const id = first.pixelkeep('track', 'sale');
  const next = await Page.opened({ storage, now: first.now + 1000 });
  assert.ok(next.tracker.hits().some(hit => hit.id === id && hit.age_ms === 1000));
  assert.deepEqual(next.queued(), []);
});

test('two tabs do not lose each other\'s hits', async () => {
  const storage = new Storage();
  const tracker = new Tracker();
  const tabs = [await consented({ storage, tracker }), await consented({ storage, tracker })];
  tracker.away = true;
  const ids = [0, 1, 0, 1].map(tab => tabs[tab].pixelkeep('track', 'sale'));
  await Promise.all(tabs.map(tab => tab.pass(0)));
  tracker.away = false;
  tracker.requests.length = 0;
  await tabs[0].pass(10_000);
  assert.deepEqual(new Set(tracker.hits().map(hit => hit.id)), new Set(ids));
});

test('coming online or back to the page tries at once', async () => {
  for (const wake of [page => page.fire('online'), page => { page.hide(); page.show(); }]) {
    const page = await consented();
    page.tracker.away = true;
    page.pixelkeep('track', 'sale');
    await page.pass(100);
    page.tracker.away = false;
    wake(page);
    await page.pass(0);
    assert.deepEqual(page.queued(), []);
  }
});

test('a wait the tracker asks for is honoured, also by new hits and coming online', async () => {
  for (const status of [429, 503]) {
    const page = await consented();
    Object.assign(page.tracker, { status, retryAfter: '120' });
    page.pixelkeep('track', 'sale');
    await page.pass(0);
    page.tracker.requests.length = 0;
    page.pixelkeep('track', 'sale');
    page.fire('online');
    await page.pass(119_000);
    assert.equal(page.tracker.requests.length, 0);
    page.tracker.status = 200;
    await page.pass(2_000);
    assert.equal(page.tracker.hits().length, 2);
  }
});

test('a request the tracker calls wrong is dropped, and does not block the next', async () => {
  const page = await consented();
  page.tracker.status = 400;
  page.pixelkeep('track', 'sale');
  await page.pass(0);
  assert.deepEqual(page.queued(), []);
  page.tracker.status = 200;
  page.pixelkeep('track', 'sale', { txn_id: 'good' });
  await page.pass(0);
  assert.equal(page.tracker.hits().at(-1).txn_id, 'good');
});

test('every verdict empties the queue of its hit, and of no other', async () => {
  const page = await consented();
  const words = ['stored', 'duplicate', 'ignored', 'rejected'];
  page.tracker.verdictsFor = hits => hits.slice(0, 4).map(({ id }, n) => ({ id, verdict: words[n], reason: 'x' }));
  for (let n = 0; n < 5; n++) page.pixelkeep('track', 'sale', { txn_id: n });
  await page.pass(0);
  assert.deepEqual(page.tracker.events().slice(1).map(({ body }) => body.hits.length), [5, 1]);
  assert.deepEqual(page.queued(), []);
});

test('an answer without verdicts is tried again, slowly', async () => {
  for (const wrong of [() => [], () => undefined, () => [{ id: 'other' }]]) {
    const page = await consented();
    page.tracker.verdictsFor = wrong;
    page.pixelkeep('track', 'sale');
    page.tracker.requests.length = 0;
    await page.pass(10_000);
    assert.ok(page.tracker.requests.length > 1 && page.tracker.requests.length < 6);
    assert.equal(page.queued().length, 1);
  }
});

test('hits go in requests of at most 50 and less than 60 KiB', async () => {
  const page = await consented();
  page.tracker.away = true;
  for (let n = 0; n < 90; n++) page.pixelkeep('track', 'sale', { txn_id: n, sub1: n < 20 ? 'ä€'.repeat(900) : 'x' });
  await page.pass(0);
  page.tracker.away = false;
  await page.pass(100_000);
  const events = page.tracker.events();
  assert.ok(events.every(({ text, body }) => Buffer.byteLength(text) < 61_440 && body.hits.length <= 50));
  assert.equal(new Set(page.tracker.hits().map(hit => hit.txn_id)).size, 91);
});

test('the queue holds 100 hits and gives up old views before sales', async () => {
  const page = await consented();
  page.tracker.away = true;
  for (let n = 0; n < 60; n++) page.window.history.pushState(null, '', `/p${n}`);
  for (let n = 0; n < 70; n++) page.pixelkeep('track', 'sale', { txn_id: n });
  assert.equal(page.queued().length, 100);
  assert.equal(page.queued().filter(hit => hit.type === 'conversion').length, 70);
  for (let n = 70; n < 110; n++) page.pixelkeep('track', 'sale', { txn_id: n });
  page.window.history.pushState(null, '', '/last');
  const kept = page.queued();
  assert.deepEqual([kept.length, kept.some(hit => hit.type === 'view'), kept.some(hit => hit.txn_id === '109')], [100, false, true]);
});

test('a hit older than seven days is dropped', async () => {
  const storage = new Storage();
  const first = await consented({ storage });
  first.tracker.away = true;
  first.pixelkeep('track', 'sale');
  const next = await Page.opened({ storage, now: first.now + 7 * day + 1 });
  assert.deepEqual(next.tracker.hits().map(hit => hit.type), ['view']);
});

test('a clock set back gives no negative age', async () => {
  const storage = new Storage();
  const first = await consented({ storage });
  first.tracker.away = true;
  first.pixelkeep('track', 'sale');
  const next = await Page.opened({ storage, now: first.now - day });
  assert.ok(next.tracker.hits().every(hit => hit.age_ms === 0));
});

test('blocked or full storage falls back to memory', async () => {
  const full = new Storage();
  Object.defineProperty(full, 'setItem', { value() { throw new Error('full'); } });
  for (const storage of [blockedStorage(), full]) {
    const page = await consented({ storage });
    assert.match(page.tracker.events()[0].body.visitor, /^[0-9a-f]{32}$/);
    page.tracker.away = true;
    const id = page.pixelkeep('track', 'sale');
    await page.pass(0);
    page.tracker.away = false;
    await page.pass(5_000);
    assert.equal(page.tracker.hits().at(-1).id, id);
  }
});

test('damaged storage does not stop it', async () => {
  const storage = new Storage();
  for (const key of ['state', 'f'.repeat(32), 'x']) storage[`pixelkeep.${SITE}.${key}`] = '{"broken';
  const page = await consented({ storage });
  assert.equal(page.tracker.hits().length, 1);
});

test('leaving sends what waits by beacon, once, and keeps it until a verdict', async () => {
  const page = await consented();
  page.tracker.away = true;
  const id = page.pixelkeep('track', 'sale');
  page.hide();
  page.fire('pagehide');
  assert.deepEqual(page.beacons.map(({ visitor, hits }) => [visitor, hits.map(hit => hit.id)]), [[page.state().visitor, [id]]]);
  assert.equal(page.queued().length, 1);
  page.tracker.away = false;
  page.show();
  await page.pass(0);
  assert.equal(page.tracker.hits().at(-1).id, id);
  assert.deepEqual(page.queued(), []);
});

test('a page that stays sends no beacon', async () => {
  const page = await consented();
  page.pixelkeep('track', 'sale');
  await page.pass(day);
  page.hide();
  assert.deepEqual(page.beacons, []);
});

test('history navigation is a view when the path or search changes', async () => {
  const page = await Page.opened({ queue: [['consent', 'granted']], referrer: 'https://blog.example/' });
  const { history } = page.window;
  history.pushState(null, '', '/a?b=1');
  history.replaceState(null, '', '/a?b=1#part');
  page.location.href = 'https://shop.example/back';
  page.fire('popstate');
  page.fire('popstate');
  await page.pass(0);
  assert.deepEqual(page.tracker.hits().map(hit => [hit.url, hit.referrer]), [
    ['https://shop.example/', 'https://blog.example/'],
    ['https://shop.example/a?b=1', 'https://shop.example/'],
    ['https://shop.example/back', 'https://shop.example/a?b=1'],
  ]);
});

test('a click id that is no click id is not taken', async () => {
  for (const junk of ['{click_id}', '%7Bclick_id%7D', '<script>', 'short', 'x'.repeat(200)])
    assert.equal((await Page.opened({ url: landed(junk) })).window.pixelkeep.click(), undefined, junk);
});

test('the click id can be asked for before and after it loaded', async () => {
  const told = [];
  const page = new Page({ url: landed(SHARED), queue: [['click', id => told.push(id)]] });
  assert.equal(page.window.pixelkeep.click(), SHARED);
  page.pixelkeep('click', id => told.push(id));
  assert.deepEqual(told, []);
  await page.pass(0);
  page.window.pixelkeep.click(id => told.push(id));
  assert.deepEqual(told, [SHARED, SHARED, SHARED]);
});

test('fields keep their values, numbers lose only what is no cent, and nothing overrides the envelope', async () => {
  const page = await consented();
  const id = page.window.pixelkeep.track('sale', { txn_id: 17, sale_amount: 0.1 + 0.2, currency: 'EUR', coupon_code: 'SPRING',
    status: null, sub15: 'z', click_id: 'handed-over-click', id: 'mine', type: 'view', url: 'x', c: 'denied', t: 0 });
  await page.pass(0);
  const { url, ...hit } = page.tracker.hits().at(-1);
  assert.deepEqual(hit, { click_id: 'handed-over-click', txn_id: '17', sale_amount: '0.3', currency: 'EUR', coupon_code: 'SPRING',
    sub15: 'z', goal: 'sale', id, type: 'conversion', referrer: '', age_ms: 0 });
  assert.equal(url, 'https://shop.example/');
});

test('a call that makes no sense throws nothing', async () => {
  const page = await Page.opened();
  page.pixelkeep();
  page.pixelkeep('nonsense');
  page.pixelkeep('track', Symbol('goal'));
  page.pixelkeep('consent', Symbol('state'));
  page.pixelkeep('click', 'no function');
});

test('calls wait while the configuration cannot be had', async () => {
  const page = await Page.opened({ tracker: Object.assign(new Tracker(), { away: true }) });
  page.pixelkeep('track', 'sale', { txn_id: 'A1' });
  await page.pass(20_000);
  page.tracker.away = false;
  await page.pass(60_000);
  assert.deepEqual(page.tracker.hits().map(hit => hit.type).sort(), ['conversion', 'view']);
});

test('a page opened while the tracker is away keeps its sale, when an earlier one had consent', async () => {
  const storage = new Storage();
  await consented({ storage });
  const page = await Page.opened({ storage, tracker: Object.assign(new Tracker(), { away: true }), queue: [['track', 'sale']] });
  assert.equal(page.queued().length, 2);
});

test('a page drawn in advance is not seen until it is shown', async () => {
  const page = await Page.opened({ prerendering: true });
  assert.deepEqual(page.tracker.requests, []);
  page.fire('prerenderingchange');
  await page.pass(0);
  assert.equal(page.tracker.hits().length, 1);
});

test('loaded twice it counts once', async () => {
  const page = await Page.opened();
  page.load();
  await page.pass(0);
  assert.equal(page.tracker.hits().length, 1);
});

test('hits of different consent never share a request', async () => {
  const page = await Page.opened({ tracker: optout() });
  page.tracker.away = true;
  page.pixelkeep('track', 'sale', { txn_id: 'unknown' });
  await page.pass(0);
  page.pixelkeep('consent', 'granted');
  page.pixelkeep('track', 'sale', { txn_id: 'granted' });
  page.tracker.away = false;
  page.tracker.requests.length = 0;
  await page.pass(60_000);
  const sales = ({ hits }) => hits.filter(hit => hit.goal).map(hit => hit.txn_id);
  assert.deepEqual(page.tracker.events().map(({ body }) => [body.consent, sales(body)]),
    [[undefined, ['unknown']], ['granted', ['granted']]]);
});

test('a new hit does not hurry a tracker that is away, and a success ends the waiting', async () => {
  const page = await consented();
  page.tracker.away = true;
  page.pixelkeep('track', 'sale');
  await page.pass(30_000);
  page.tracker.requests.length = 0;
  for (let n = 0; n < 20; n++) {
    page.pixelkeep('track', 'sale');
    await page.pass(100);
  }
  assert.ok(page.tracker.requests.length <= 1);
  page.tracker.away = false;
  await page.pass(60_000);
  page.tracker.away = true;
  page.pixelkeep('track', 'sale');
  await page.pass(0);
  page.tracker.away = false;
  await page.pass(2_000);
  assert.deepEqual(page.queued(), []);
});

test('waiting for the configuration does not make a grant lose what came before it', async () => {
  const page = await Page.opened({ tracker: Object.assign(new Tracker(), { away: true }),
    queue: [['track', 'sale', { txn_id: 'before' }], ['consent', 'granted']] });
  page.tracker.away = false;
  await page.pass(10_000);
  assert.ok(page.tracker.hits().some(hit => hit.txn_id === 'before'));
});

test('a silent page keeps its history functions untouched', async () => {
  const page = new Page({ tracker: Object.assign(new Tracker(), { config: {} }) });
  const before = page.window.history.pushState;
  await page.pass(0);
  assert.equal(page.window.history.pushState, before);
});
