/**
 * Debian's Chromium for tests of pages. Whatever a page writes as an error to its console, throws, or has refused by its
 * Content-Security-Policy is a failure of the test that looked at it.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import * as z from 'zod';
import { CHROMIUM, ensureBrowser } from '../../scripts/browser.ts';
import { ROOT } from '../../scripts/local/state.ts';

const SCREENSHOTS = join(ROOT, 'test', '.out', 'screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Sizes that pages are looked at in, CSS pixels. */
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

export interface Looks {
  readonly size?: { readonly width: number; readonly height: number };
  readonly colours?: 'light' | 'dark';
  /** False: as a browser without scripts. */
  readonly script?: boolean;
  /** Runs in every page before its own scripts: providers of keys and wallets. */
  readonly inject?: string;
}

/** A browser of its own profile, and what went wrong in its pages. */
export interface Visitor {
  readonly context: BrowserContext;
  page(): Promise<Page>;
  /** Errors so far: console, exceptions, refused by policy. Empty in a page that works. */
  readonly errors: readonly string[];
  /** Takes the errors that are expected out, and returns them. */
  takeErrors(pattern: RegExp): string[];
  close(): Promise<void>;
}

/** Starts the browser; installs it first where that is possible. */
export async function openBrowser(): Promise<Browser> {
  ensureBrowser();
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Somebody new, with an empty profile. */
export async function visitor(browser: Browser, url: string, looks: Looks = {}): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: looks.size ?? DESKTOP,
    colorScheme: looks.colours ?? 'light',
    javaScriptEnabled: looks.script ?? true,
    deviceScaleFactor: 1,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  if (looks.inject !== undefined) await context.addInitScript(looks.inject);
  const errors: string[] = [];
  context.on('weberror', (error) => errors.push(`exception: ${error.error().message}`));
  context.on('console', (message) => {
    // Chromium tells of refused loads and failed requests here, too.
    if (message.type() === 'error') errors.push(`console: ${message.text()} (${message.location().url})`);
  });
  return {
    context,
    errors,
    page: () => context.newPage(),
    takeErrors(pattern) {
      const taken = errors.filter((error) => pattern.test(error));
      const rest = errors.filter((error) => !pattern.test(error));
      errors.splice(0, errors.length, ...rest);
      return taken;
    },
    close: () => context.close(),
  };
}

const axeResult = z.array(
  z.object({
    id: z.string(),
    help: z.string(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
);

/** What axe-core finds wrong in a page as it is now, each as one line; empty when nothing is. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(AXE);
  const found: unknown = await page.evaluate('axe.run(document).then(({ violations }) => violations)');
  return axeResult
    .parse(found)
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html} ${failureSummary ?? ''}`),
    );
}

/** Keeps a picture of the whole page in `test/.out/screenshots`. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}
