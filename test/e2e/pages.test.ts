import { generateSecretKey, SimplePool } from 'nostr-tools';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWallet } from '../../src/client/nwc.ts';
import { webPorts } from '../../src/client/ports.ts';
import {
  axeViolations,
  DESKTOP,
  openBrowser,
  PHONE,
  screenshot,
  type Visitor,
  visitor,
} from '../support/browser.ts';
import { answer, type ModelServer, modelServer } from '../support/model-server.ts';
import { giveExtension, giveWallet, openBunker } from '../support/page-providers.ts';
import { type Service, startService } from '../support/service.ts';

/**
 * Goal: people can do everything by the pages, in any way to sign and pay, by keyboard, on a phone and in the dark, and nothing is
 * lost or paid twice. Method: Debian's Chromium against the started service; a signing extension, a wallet of the browser
 * and a bunker that are made here and know nothing of the page. Any error on the console, any exception and anything the
 * policy refused fails a test. Does not prove: other browsers, real extensions, what a screen reader says.
 */
let service: Service;
let model: ModelServer;
let browser: Browser;
const open: Visitor[] = [];

beforeAll(async () => {
  model = await modelServer();
  service = await startService({
    env: { MODEL_BASE_URL: model.baseUrl, MODEL: 'scripted' },
    sandbox: true,
  });
  browser = await openBrowser();
});

afterAll(async () => {
  for (const one of open) await one.close();
  await browser?.close();
  await service?.stop();
  await model?.close();
});

async function somebody(looks: Parameters<typeof visitor>[2] = {}): Promise<Visitor> {
  const one = await visitor(browser, service.url, looks);
  open.push(one);
  return one;
}

/** Fills the form for an agent; whoever signs was chosen. */
async function fill(page: Page, agent: string, text: string): Promise<void> {
  await page.goto(`/post?agent=${agent}`);
  await page.getByLabel('What is to be done?').fill(text);
}

async function post(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Sign and post' }).click();
  await page.waitForURL(/\/jobs\/[0-9a-f]{64}$/);
  return page.url().slice(-64);
}

async function byNewKey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New key in this browser' }).click();
  await page.getByText('This key lies in this browser').waitFor();
}

function state(page: Page, text: string) {
  return page.getByLabel('State').getByText(text).first();
}

test('every page on phone and desktop, light and dark: no error, no violation, little script', async () => {
  const maker = await (await somebody()).page();
  await fill(maker, 'discover', 'nostr zaps');
  await byNewKey(maker);
  const job = await post(maker);
  await state(maker, 'Done').waitFor();
  const paths = {
    market: '/',
    agents: '/agents?pay=free',
    post: '/post?agent=discover-escrow',
    jobs: '/jobs',
    job: `/jobs/${job}`,
    missing: '/nowhere',
  };
  const looks = [
    { size: PHONE, colours: 'dark' },
    { size: DESKTOP, colours: 'light' },
  ] as const;
  for (const look of looks) {
    const one = await somebody(look);
    for (const [name, path] of Object.entries(paths)) {
      const page = await one.page();
      await page.goto(path, { waitUntil: 'networkidle' });
      await screenshot(page, `${name}-${look.size === PHONE ? 'phone' : 'desktop'}-${look.colours}`);
      expect(await axeViolations(page), `${name} ${look.colours}`).toEqual([]);
      const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(wide, `${name} is scrolled sideways`).toBeLessThanOrEqual(shown ?? 0);
      await page.close();
    }
    // What the browser says of a page that is not there.
    one.takeErrors(/status of 404/);
    expect(one.errors).toEqual([]);
    await one.close();
  }
}, 150_000);

test('the market without scripts: search, filter, order; and with them, what happens as it happens', async () => {
  const plain = await (await somebody({ script: false })).page();
  await plain.goto('/');
  await plain.getByRole('searchbox').fill('python');
  await plain.getByLabel('Price', { exact: true }).selectOption('free');
  await plain.getByRole('button', { name: 'Show' }).click();
  const names = await plain.locator('.offer h3 a').allTextContents();
  expect(names).toEqual(['Code']);
  await plain.goto('/?q=nothing-of-the-kind');
  expect(await plain.getByText('No agent fits').isVisible()).toBe(true);
  await plain.goto('/post?agent=nobody');
  expect(await plain.getByText('No agent here has that name').isVisible()).toBe(true);

  const one = await somebody();
  const watching = await one.page();
  await watching.goto('/', { waitUntil: 'networkidle' });
  const poster = await one.page();
  await poster.goto('/');
  await poster.getByLabel('What is to be done?').fill('what was typed goes along');
  await poster.getByLabel('By whom').selectOption('discover');
  await poster.getByRole('button', { name: 'Go on' }).click();
  await poster.getByLabel('What is to be done?').waitFor();
  expect(await poster.getByLabel('What is to be done?').inputValue()).toBe('what was typed goes along');
  expect(poster.url()).not.toContain('typed');
  await byNewKey(poster);
  const job = await post(poster);
  const line = watching.locator(`[data-job="${job}"]`);
  await line.getByText('delivered').waitFor();
  expect(await line.textContent()).toContain('signature checked');
  expect(one.errors).toEqual([]);
});

test('signed by an extension and paid by the wallet of the browser: the price first, then the result', async () => {
  const one = await somebody();
  const signer = await giveExtension(one.context, generateSecretKey());
  const wallet = await giveWallet(one.context, service.dev.customer.nwc ?? '');
  const page = await one.page();
  await fill(page, 'discover-prepaid', 'nostr zaps');
  await page.getByText('21 sats').and(page.locator('.amount')).waitFor();
  await page.getByRole('button', { name: 'Browser extension' }).click();
  await page.getByText('Signed by your browser extension').waitFor();
  await post(page);
  await page.getByRole('button', { name: 'Pay by the wallet in this browser' }).click();
  await state(page, 'Done').waitFor();
  expect(wallet.asked).toHaveLength(1);
  expect(signer.asked).toContain('signEvent');
  await page.locator('.timeline').getByText('The result').waitFor();
  await page.locator('.timeline details').last().getByText('Show the event').click();
  expect(await page.locator('.timeline pre').last().textContent()).toContain('"sig"');
  expect(one.errors).toEqual([]);
  wallet.close();
});

test('signed by a bunker, locked in escrow by a connected wallet', async () => {
  const bunker = openBunker(service.relay, generateSecretKey());
  const one = await somebody({ size: PHONE, colours: 'dark' });
  const page = await one.page();
  await fill(page, 'discover-escrow', 'nostr zaps');
  await page.getByText('A bunker, or a key you have').click();
  await page.getByLabel('Bunker').fill('bunker://nonsense');
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('This is no bunker').waitFor();
  expect(await page.getByLabel('Bunker').inputValue()).toBe('bunker://nonsense');
  await page.getByLabel('Bunker').fill(bunker.uri);
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('Signed by your bunker').waitFor();
  await post(page);
  await page.getByText('locked, not spent').waitFor();
  await page.getByText('Pay by a connected wallet').click();
  await page.getByLabel('Connection string').fill(service.dev.customer.nwc ?? '');
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await state(page, 'Done').waitFor();
  await screenshot(page, 'job-escrow-phone-dark');
  expect(bunker.asked).toContain('signEvent');
  expect(one.errors).toEqual([]);
  bunker.close();
});

test('a key of this browser, paid by the QR code; what was not used is credit and pays the next one', async () => {
  const one = await somebody();
  const page = await one.page();
  await fill(page, 'discover-metered', 'nostr zaps');
  await byNewKey(page);
  await page.getByRole('button', { name: 'Show the secret key' }).click();
  expect(await page.locator('[data-secret]').textContent()).toMatch(/^nsec1/);
  await page.locator('.price').getByText('At most').waitFor();
  await post(page);
  await page.getByRole('img', { name: 'QR code' }).waitFor();
  await screenshot(page, 'pay-desktop-light');
  expect(await axeViolations(page)).toEqual([]);
  const left = async () => Number(await page.locator('[data-left]').getAttribute('data-left'));
  const before = await left();
  expect(before).toBeGreaterThan(60);
  await expect.poll(left, { timeout: 10_000 }).toBeLessThan(before);
  const link = await page.getByRole('link', { name: 'open one on this device' }).getAttribute('href');
  const { wallet, close } = openWallet(service.dev.customer.nwc ?? '', webPorts());
  const paid = await wallet.pay((link ?? '').replace('lightning:', ''));
  close();
  expect(paid.type).toBe('ok');
  await state(page, 'Done').waitFor();

  await fill(page, 'discover-metered', 'nostr');
  await page.getByRole('button', { name: 'Show my credit' }).click();
  await page.getByText('Your credit:').waitFor();
  expect(await page.getByText('Your credit:').textContent()).toMatch(/[1-9]/);
  await page.getByRole('button', { name: 'Forget this key' }).click();
  await page.getByRole('button', { name: 'No', exact: true }).click();
  expect(one.errors).toEqual([]);
});

test('streamed as it is written, then as Markdown of a stranger, in which nothing runs and nothing is loaded', async () => {
  const begin = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const hostile = [
    '\n\n# Heading\n\nA **bold** word.\n\n',
    '<script>window.hit = 1</script>\n\n<img src=x onerror="window.hit = 2">\n\n',
    '[click](javascript:window.hit=3) [data](data:text/html,<script>1</script>) [fine](https://example.com/a)\n\n',
    '![pixel](https://tracker.example/p.png)\n\n',
    '<iframe src="https://evil.example"></iframe>\n\n<a href="javascript:window.hit=4">x</a>\n\n',
    '| a | b |\n|---|---|\n| <b onclick=alert(1)>1</b> | 2 |\n\n- [x] done\n\n```js\nalert(5)\n```\n',
  ];
  model.script([
    { hold: begin.promise },
    { say: 'It begins ' },
    { hold: go.promise },
    ...hostile.map((say) => ({ say })),
    { finish: 'stop' },
    { usage: [7, 9] },
    { raw: 'data: [DONE]\n\n' },
  ]);
  const one = await somebody();
  const page = await one.page();
  const requested: string[] = [];
  page.on('request', (request) => requested.push(new URL(request.url()).host));
  await fill(page, 'chat', 'write');
  await byNewKey(page);
  await post(page);
  // Pieces of a stream are told to who listens, and to nobody later.
  await page.locator('.timeline').waitFor();
  begin.resolve();
  await page.locator('[data-stream]').getByText('It begins').waitFor();
  go.resolve();
  await state(page, 'Done').waitFor();
  const output = page.locator('[data-result]');
  await output.locator('h3, h4, h5').first().waitFor();
  expect(
    await output.locator('script, iframe, img, object, embed, style, [onclick], [onerror]').count(),
  ).toBe(0);
  const links = await output.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  expect(links).toEqual(['https://example.com/a', 'https://tracker.example/p.png']);
  expect(await output.locator('strong').textContent()).toBe('bold');
  expect(await output.locator('td').count()).toBe(2);
  expect(await output.textContent()).toContain('<script>window.hit = 1</script>');
  expect(await page.evaluate(() => Reflect.get(window, 'hit'))).toBeUndefined();
  expect(new Set(requested)).toEqual(new Set([new URL(service.url).host]));
  await page.getByText('what was streamed is what was signed').waitFor();
  await screenshot(page, 'job-markdown-desktop-light');
  expect(await axeViolations(page)).toEqual([]);
  expect(one.errors).toEqual([]);
});

test('a job with a check: its answer is judged, and the badge is the signed verdict', async () => {
  model.script(answer('Reversed:\n\n```output\n[2, 1]\n```'));
  const one = await somebody();
  const page = await one.page();
  await fill(page, 'chat', 'What does it return?');
  await page.locator('summary').getByText('Contract').click();
  await page.getByLabel('A check: no proof, no pay').selectOption('deduction');
  await byNewKey(page);
  await page.locator('.price').getByText('its answer is checked').waitFor();
  const job = await post(page);
  await page.locator('[data-verified="passed"]').waitFor();
  await page.getByLabel('Check', { exact: true }).getByText('Show the event').click();
  expect(await page.getByLabel('Check', { exact: true }).locator('.event pre').textContent()).toContain(
    '"kind": 7002',
  );
  await screenshot(page, 'job-verified-desktop-light');
  expect(await axeViolations(page)).toEqual([]);
  const told = await (await fetch(`${service.url}/jobs/${job}`)).json();
  expect(told.verified).toEqual({ passed: true, verdict_event_id: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(one.errors).toEqual([]);
});

test('encrypted: who asked reads it, and nobody else', async () => {
  model.script(answer('for your eyes only'));
  const one = await somebody();
  await giveExtension(one.context, generateSecretKey());
  const page = await one.page();
  await fill(page, 'chat', 'a secret');
  await page.getByLabel('Encrypt it').check();
  await page.getByRole('button', { name: 'Browser extension' }).click();
  await page.getByText('Signed by your browser extension').waitFor();
  await post(page);
  await page.locator('[data-result]').getByText('for your eyes only').waitFor();
  await page.getByLabel('Request').getByText('a secret').waitFor();
  const other = await (await somebody()).page();
  await other.goto(page.url());
  await other.getByText('only its client and the agent can read it').waitFor();
  expect(await other.textContent('body')).not.toContain('eyes only');
  expect(one.errors).toEqual([]);
});

test('by keyboard alone, from the front page to the result', async () => {
  model.script(answer('done by keyboard'));
  const one = await somebody();
  const page = await one.page();
  await page.goto('/');
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  const tabTo = async (wanted: (text: string) => Promise<boolean> | boolean) => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      if (await wanted(await focused())) return;
    }
    throw new Error('the keyboard does not get there');
  };
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('say something');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Chat');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/post\?agent=chat$/);
  await page.getByRole('button', { name: 'New key in this browser' }).waitFor();
  await tabTo((text) => text === 'New key in this browser');
  await page.keyboard.press('Enter');
  await page.getByText('This key lies in this browser').waitFor();
  await page.getByLabel('What is to be done?').focus();
  await tabTo((text) => text === 'Sign and post');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/jobs\//);
  await page.locator('[data-result]').getByText('done by keyboard').waitFor();
  expect(one.errors).toEqual([]);
});

test('a wrong form says what is wrong where it is wrong, and keeps what was typed over a reload', async () => {
  const one = await somebody();
  const page = await one.page();
  await page.goto('/post?agent=chat');
  await page.getByRole('button', { name: 'Sign and post' }).click();
  await page.getByText('Say what is to be done.').waitFor();
  await page.getByLabel('What is to be done?').fill('a text that is kept');
  await page.getByText('Settings').click();
  await page.getByLabel('temperature').fill('hot');
  await page.getByText('Contract', { exact: false }).first().click();
  await page.getByLabel('A check: no proof, no pay').selectOption('deduction');
  await page.getByLabel('The check, as JSON').fill('{"mode": "deduction", "language": "cobol"}');
  await page.getByRole('button', { name: 'Sign and post' }).click();
  await page.getByText('hot is no number.').waitFor();
  expect(await page.getByLabel('temperature').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('temperature').fill('1');
  // This one only the marketplace can tell.
  await page.locator('#check-wrong').waitFor();
  await page.reload();
  expect(await page.getByLabel('What is to be done?').inputValue()).toBe('a text that is kept');
  expect(await page.getByLabel('temperature').inputValue()).toBe('1');
  expect(await page.getByLabel('The check, as JSON').inputValue()).toContain('cobol');
  // The price is refused with 400, which the console tells.
  one.takeErrors(/status of 400/);
  expect(one.errors).toEqual([]);
});

test('reload, a second tab and a lost connection: nothing is lost, nothing posted or paid twice', async () => {
  const one = await somebody();
  const secret = generateSecretKey();
  const signer = await giveExtension(one.context, secret);
  const wallet = await giveWallet(one.context, service.dev.customer.nwc ?? '');
  const page = await one.page();
  await fill(page, 'discover-prepaid', 'once only');
  await page.getByRole('button', { name: 'Browser extension' }).click();
  await page.getByText('Signed by your browser extension').waitFor();
  await page.locator('.amount').waitFor();
  // What signs and sends comes once somebody has chosen how to sign; after that the connection may go.
  await page.waitForLoadState('networkidle');
  await one.context.setOffline(true);
  await page.getByRole('button', { name: 'Sign and post' }).click();
  await page.locator('[data-wrong]').waitFor();
  await one.context.setOffline(false);
  expect(await page.getByLabel('What is to be done?').inputValue()).toBe('once only');
  await page.getByRole('button', { name: 'Sign and post' }).click();
  await page.waitForURL(/\/jobs\//);

  const go = Promise.withResolvers<void>();
  wallet.hold = go.promise;
  await page.getByRole('button', { name: 'Pay by the wallet in this browser' }).click();
  await expect.poll(() => wallet.asked.length).toBe(1);
  const second = await one.page();
  await second.goto(page.url());
  await second.getByText('was begun').waitFor();
  await second.getByRole('button', { name: 'Pay the same invoice again' }).click();
  await second.getByRole('button', { name: 'Pay by the wallet in this browser' }).click();
  await second.getByText('in another tab').waitFor();
  await page.reload();
  await page.getByText('was begun').waitFor();
  go.resolve();
  await state(page, 'Done').waitFor();
  await state(second, 'Done').waitFor();
  expect(wallet.asked).toHaveLength(1);
  const pool = new SimplePool();
  const requests = await pool.querySync([service.relay], { kinds: [7001], authors: [signer.pubkey] });
  pool.close([service.relay]);
  expect(requests).toHaveLength(1);
  one.takeErrors(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch/);
  expect(one.errors).toEqual([]);
  wallet.close();
});

test('its client calls a job off from its page', async () => {
  const go = Promise.withResolvers<void>();
  model.script([{ say: 'half ' }, { hold: go.promise }]);
  const one = await somebody();
  const page = await one.page();
  await fill(page, 'chat', 'never mind');
  await byNewKey(page);
  await post(page);
  await page.locator('[data-stream]').getByText('half').waitFor();
  await page.getByRole('button', { name: 'Call it off' }).click();
  await page.getByRole('button', { name: 'Call it off now' }).click();
  await state(page, 'Called off').waitFor();
  go.resolve();
  expect(one.errors).toEqual([]);
});
