//! The demo shop: its coffees, its links, and one way of counting each sale.
//! Never in here: storage, and any request but the tracker's pixel.
(() => {
  'use strict';
  const coffees = {
    lighthouse: { name: 'Lighthouse', price: '49.90', roast: 'Light', taste: 'For the filter. Apricot, honey, black tea.' },
    breakwater: { name: 'Breakwater', price: '44.00', roast: 'Dark', taste: 'For espresso. Dark chocolate, walnut, a little smoke.' },
    ferry: { name: 'Night Ferry', price: '52.50', roast: 'Medium', taste: 'Without caffeine. Plum, cocoa, brown sugar.' },
  };
  const page = document.documentElement;
  const { tracker, site, base } = page.dataset;
  const asked = new URLSearchParams(location.search);
  const find = id => document.getElementById(id);
  const tell = (id, text) => { if (find(id)) find(id).textContent = text; };
  let click = asked.get('click_id') || '';

  // Without consent the token of the publisher's link lives in the shop's own links alone.
  const onward = () => {
    const { choice } = page.dataset;
    const values = {
      click_id: base === '/strict' && choice !== 'accepted' ? click : '',
      choice: choice === 'accepted' ? '' : choice,
    };
    for (const link of document.querySelectorAll('a[data-onward]')) {
      const target = new URL(link.href);
      for (const [name, value] of Object.entries(values))
        if (value) target.searchParams.set(name, value);
        else target.searchParams.delete(name);
      link.href = target;
    }
    const form = find('checkout');
    if (!form) return;
    for (const [name, value] of Object.entries(values)) {
      form.querySelector(`[name=${name}]`)?.remove();
      if (value) addField(form, name, value);
    }
  };

  const addField = (form, name, value) =>
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));

  const newOrder = () => 'HC-' + [...crypto.getRandomValues(new Uint8Array(5))]
    .map(byte => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[byte & 31]).join('');

  const key = Object.hasOwn(coffees, asked.get('coffee')) ? asked.get('coffee') : 'lighthouse';
  const coffee = coffees[key];
  tell('name', coffee.name);
  tell('taste', coffee.taste);
  tell('roast', coffee.roast);
  tell('price', coffee.price);
  if (find('stage')) find('stage').className = `stage ${key}`;
  if (find('buy')) find('buy').href = `${base}/checkout?coffee=${key}`;
  if (find('checkout')) {
    find('amount').value = coffee.price;
    addField(find('checkout'), 'coffee', key);
    addField(find('checkout'), 'order', newOrder());
    // A browser that comes back to this very page buys once more.
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) find('checkout').elements.order.value = newOrder();
    });
  }

  const status = (state, text) => {
    find('status').dataset.state = state;
    tell('status', text);
  };
  const counted = () => status('counted', 'Your order was counted: the tracker has answered.');
  const unanswered = () => status('unanswered', 'The tracker did not answer.');

  const pixel = (tag, sale) => {
    const address = new URL('/pixel', tracker);
    const consent = { accepted: '1', refused: '0' }[page.dataset.choice];
    const values = { site, goal_id: 'sale', ...sale, click_id: click, consent };
    for (const [name, value] of Object.entries(values)) if (value) address.searchParams.set(name, value);
    const element = document.createElement(tag);
    element.className = 'pixel';
    element.src = address;
    element.onload = counted;
    element.onerror = unanswered;
    document.body.append(element);
    tell('fired', `<${tag} src="${address}">`);
  };

  const ways = {
    image: { how: 'An image pixel was put into this page.', fire: sale => pixel('img', sale) },
    iframe: { how: 'An iframe pixel was put into this page.', fire: sale => pixel('iframe', sale) },
    sdk: {
      how: 'The WebSDK was called. While the tracker is away, it tries again.',
      fire: sale => {
        const since = performance.now();
        // The browser's own list of requests says when the tracker answered this one.
        new PerformanceObserver(list => {
          for (const { name, startTime, responseStatus } of list.getEntries()) {
            if (name !== `${tracker}/event` || startTime < since) continue;
            if (responseStatus === 200 || responseStatus === undefined) counted();
            else if (find('status').dataset.state === 'waiting')
              status('waiting', "The tracker has not answered yet; the sale waits and is sent again.");
          }
        }).observe({ type: 'resource', buffered: true });
        pixelkeep('track', 'sale', sale);
        tell('fired', `pixelkeep('track', 'sale', ${JSON.stringify(sale, null, 2)})`);
      },
    },
  };

  const thank = () => {
    const order = asked.get('order') || newOrder();
    const amount = asked.get('amount') || coffee.price;
    const coupon = (asked.get('coupon') || '').trim();
    tell('order', order);
    tell('amount', amount);
    if (coupon) tell('coupon', coupon);
    const way = Object.hasOwn(ways, asked.get('via')) ? ways[asked.get('via')] : ways.image;
    tell('how', way.how);
    const sale = { txn_id: order, sale_amount: amount, currency: 'EUR' };
    if (coupon) sale.coupon_code = coupon;
    way.fire(sale);
  };

  // Once the SDK says which click it holds, or without it where it is blocked.
  let ready = false;
  const go = held => {
    if (ready) return;
    ready = true;
    click = held || click;
    onward();
    if (find('order')) thank();
  };
  onward();
  document.addEventListener('choice', onward);
  pixelkeep('click', go);
  setTimeout(go, 2000);
})();
