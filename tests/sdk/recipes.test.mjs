//! The recipes for consent banners against stand-ins that speak as the real ones do: the
//! same names of events, fields and functions. Nothing of a banner's own code is here.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import vm from 'node:vm';
import { Page, Storage, Tracker } from './page.mjs';

const folder = new URL('../../assets/recipes/', import.meta.url);
const recipe = name => readFileSync(new URL(`${name}.js`, folder), 'utf8');

/** Places the recipe as a page does: behind the snippet, in its own script. */
const place = (page, name) => vm.runInContext(recipe(name), page.window);

/** What the SDK was told and sent on, in order. */
const told = async page => {
  await page.pass(0);
  return page.tracker.answers().map(({ consent }) => consent);
};
const dispatch = (page, type, detail) => (page.listeners[type] ?? []).forEach(work => work({ type, detail }));
const later = page => { page.window.setTimeout = (work, delay = 0) => page.timers.push({ due: page.now + delay, work }); };

/** Whether a page that is opened after all this recognises its visitor. */
const recognises = async page => {
  const next = await Page.opened({ storage: page.storage, tracker: page.tracker });
  next.pixelkeep('track', 'sale');
  await next.pass(0);
  return next.tracker.events().at(-1).body.visitor !== undefined;
};

const banners = {
  cookiebot: {
    // Cookiebot fires on window; its object carries the states.
    open: page => { page.window.Cookiebot = { hasResponse: false, consent: { necessary: true, preferences: false, statistics: false, marketing: false } }; },
    answer(page, { marketing, statistics }) {
      Object.assign(page.window.Cookiebot, { hasResponse: true, consent: { necessary: true, preferences: false, statistics, marketing } });
      dispatch(page, 'CookiebotOnConsentReady');
    },
    silent: page => dispatch(page, 'CookiebotOnConsentReady'),
  },
  usercentrics: {
    details: (type, marketing) => ({
      consent: { status: 'SOME_ACCEPTED', type, updatedBy: 'onUpdateServices' },
      categories: { essential: { essential: true, state: 'ALL_ACCEPTED' }, marketing: { state: marketing ? 'ALL_ACCEPTED' : 'ALL_DENIED' } },
      services: {},
    }),
    open(page) { page.window.__ucCmp = { getConsentDetails: async () => this.details('IMPLICIT', false) }; },
    answer(page, { marketing }) { dispatch(page, 'UC_CONSENT', this.details('EXPLICIT', marketing)); },
    // Where the law lets it, Usercentrics starts with everything on: nobody has said so.
    silent(page) { dispatch(page, 'UC_CONSENT', this.details('IMPLICIT', true)); },
    hasNoMeasurement: true,
  },
  onetrust: {
    open(page) {
      page.window.OneTrust = { IsAlertBoxClosed: () => this.closed };
      this.closed = false;
      page.window.OnetrustActiveGroups = ',C0001,';
    },
    answer(page, { marketing, statistics }) {
      this.closed = true;
      const groups = ['C0001', statistics && 'C0002', marketing && 'C0004'].filter(Boolean);
      page.window.OnetrustActiveGroups = `,${groups.join()},`;
      dispatch(page, 'OneTrustGroupsUpdated', groups);
    },
    silent: page => dispatch(page, 'OneTrustGroupsUpdated', ['C0001']),
  },
  complianz: {
    open(page) {
      this.granted = [];
      page.document.cookie = 'cmplz_banner-status=show';
      page.window.cmplz_has_consent = category => this.granted.includes(category);
    },
    // It tells of each category by itself, and writes its cookies before the page goes on.
    answer(page, { marketing, statistics }) {
      for (const [category, value] of Object.entries({ functional: true, statistics, marketing })) {
        this.granted = this.granted.filter(known => known !== category).concat(value ? category : []);
        dispatch(page, 'cmplz_status_change', { category, value: value ? 'allow' : 'deny' });
      }
      page.document.cookie = 'cmplz_banner-status=dismissed';
      dispatch(page, 'cmplz_fire_categories', { categories: this.granted });
    },
    silent: page => dispatch(page, 'cmplz_fire_categories', { categories: ['functional'] }),
  },
  tcf: {
    open(page) {
      page.window.__tcfapi = (command, version, callback) => {
        assert.deepEqual([command, version], ['addEventListener', 2]);
        this.callback = callback;
      };
    },
    data: (eventStatus, consents, more) => ({ eventStatus, gdprApplies: true, purpose: { consents, legitimateInterests: {} }, ...more }),
    answer(page, { marketing, statistics }) {
      const consents = marketing ? { 1: true, 7: true } : { 1: statistics, 7: false };
      const purpose = { consents, legitimateInterests: { 7: statistics } };
      this.callback(this.data('useractioncomplete', consents, { purpose }), true);
    },
    silent() {
      this.callback(this.data('cmpuishown', {}), true);
      this.callback(this.data('tcloaded', { 1: true, 7: true }, { gdprApplies: false }), true);
      this.callback(null, false);
    },
  },
  'consent-mode': {
    open(page) {
      this.gtag = function () { page.window.dataLayer.push(arguments); };
      page.window.dataLayer = [];
      this.gtag('consent', 'default', { ad_storage: 'denied', analytics_storage: 'denied', ad_user_data: 'denied' });
    },
    answer(page, { marketing, statistics }) {
      const state = yes => (yes ? 'granted' : 'denied');
      this.gtag('consent', 'update', { ad_storage: state(marketing), ad_user_data: state(marketing),
        analytics_storage: state(marketing || statistics) });
    },
    silent(page) { page.window.dataLayer.push({ event: 'gtm.js' }); },
    everything: 'measurement,attribution,sharing',
  },
};

test('every recipe is tested', () => {
  const files = readdirSync(folder).map(file => file.replace('.js', ''));
  assert.deepEqual(files.sort(), Object.keys(banners).sort());
});

for (const [name, banner] of Object.entries(banners)) {
  const opened = async options => {
    const page = new Page(options);
    later(page);
    banner.open(page);
    await page.pass(0);
    return page;
  };

  test(`${name}: silence says nothing, whatever the banner fires meanwhile`, async () => {
    const page = await opened();
    place(page, name);
    banner.silent(page);
    await page.pass(1_000);
    assert.deepEqual(await told(page), []);
    assert.deepEqual(page.stored(), []);
    // Nor does it take away what an optout site counts.
    const optout = Object.assign(new Tracker(), { config: { site: page.tracker.config.site, posture: 'optout', goals: [] } });
    const counted = await opened({ tracker: optout });
    place(counted, name);
    banner.silent(counted);
    await counted.pass(1_000);
    assert.equal(await recognises(counted), true);
  });

  test(`${name}: a yes is told once, a no takes it back`, async () => {
    const page = await opened();
    place(page, name);
    banner.answer(page, { marketing: true, statistics: true });
    banner.answer(page, { marketing: true, statistics: true });
    assert.deepEqual(await told(page), [banner.everything ?? 'granted']);
    assert.equal(await recognises(page), true);
    banner.answer(page, { marketing: false, statistics: false });
    assert.deepEqual(await told(page), [banner.everything ?? 'granted', 'denied']);
    assert.deepEqual(page.stored(), []);
    assert.equal(await recognises(page), false);
  });

  test(`${name}: statistics alone measure and recognise nobody`, async () => {
    const page = await opened();
    place(page, name);
    banner.answer(page, { marketing: false, statistics: true });
    await page.pass(0);
    assert.deepEqual(page.stored(), []);
    page.pixelkeep('track', 'sale');
    await page.pass(0);
    const { consent, visitor } = page.tracker.events().at(-1).body;
    assert.equal(consent, banner.hasNoMeasurement ? 'denied' : 'measurement');
    assert.equal(visitor, undefined);
  });

  test(`${name}: an answer before the SDK has loaded waits for it`, async () => {
    const storage = new Storage();
    const tracker = new Tracker();
    tracker.away = true;
    const page = await opened({ storage, tracker });
    place(page, name);
    banner.answer(page, { marketing: true, statistics: true });
    tracker.away = false;
    await page.pass(5_000);
    assert.deepEqual(await told(page), [banner.everything ?? 'granted']);
  });
}

test('a banner that answered before the recipe ran is heard all the same', async () => {
  for (const name of ['cookiebot', 'onetrust', 'complianz', 'consent-mode']) {
    const page = new Page();
    later(page);
    banners[name].open(page);
    banners[name].answer(page, { marketing: true, statistics: true });
    place(page, name);
    assert.deepEqual(await told(page), [banners[name].everything ?? 'granted'], name);
  }
  const page = new Page();
  page.window.__ucCmp = { getConsentDetails: async () => banners.usercentrics.details('EXPLICIT', true) };
  place(page, 'usercentrics');
  assert.deepEqual(await told(page), ['granted']);
});

test('the older Usercentrics tells by the event that its admin interface names', async () => {
  const page = new Page();
  place(page, 'usercentrics');
  const status = (type, marketing) => ({ event: 'consent_status', action: 'onUpdateServices', type,
    'Service One': true, ucCategory: { essential: true, functional: null, marketing } });
  dispatch(page, 'ucEvent', status('implicit', true));
  assert.deepEqual(await told(page), []);
  dispatch(page, 'ucEvent', status('explicit', true));
  dispatch(page, 'ucEvent', { event: 'other' });
  assert.deepEqual(await told(page), ['granted']);
});
