/**
 * Goal: no URL that means anything but the public internet passes, in whatever spelling.
 * Method: a corpus of spellings, and a property over all IPv4 addresses in every spelling the URL standard reads.
 * Does not prove: where a public name resolves to (safe-fetch.test.ts has the resolver), nor what the platform dials.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JobError } from '../../src/errors.ts';
import { assertPublicUrl, type GuardOptions, isPublicAddress } from '../../src/net/guard.ts';

const STRICT: GuardOptions = { schemes: ['https', 'wss'], allowPrivate: false };

function reasonOf(url: string, options: GuardOptions = STRICT): string {
  try {
    return `passed as ${assertPublicUrl(url, options).href}`;
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    expect(error.code).toBe('BAD_REQUEST');
    // The refusal goes to a stranger and into logs: it must not repeat what might be a secret of somebody.
    expect(error.message).not.toContain('hunter2');
    return String(error.details?.reason);
  }
}

test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://127.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://0x7f.0.0.0x1/',
  'https://127.0.0.1./',
  'https://0/',
  'https://0.0.0.0/',
  'https://10.0.0.1/',
  'https://10.255.255.255/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://192.0.0.192/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://240.0.0.1/',
  'https://192.0.2.1/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://[64:ff9b::127.0.0.1]/',
  'https://[64:ff9b::8.8.8.8]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001::1]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[ff02::1]/',
  'https://[2001:db8::1]/',
  'https://[fec0::1]/',
  'https://[100::1]/',
  'https://[5f00::1]/',
  'https://[4000::1]/',
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://localhost../',
  'https://a.localhost/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://x.internal./',
  'https://router.home.arpa/',
  'https://1.0.0.127.in-addr.arpa/',
  'https://intranet/',
  'https://nas.lan/',
  'https://hidden.onion/',
  'https://site.test/',
  'https://xn--lcalhost-54a.local/',
  'https://①②⑦.⓪.⓪.①/',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'https://ｌｏｃａｌｈｏｓｔ/',
  'https://loc%61lhost/',
  'https://%31%32%37.0.0.1/',
  'https:127.0.0.1/',
  'https:\\\\127.0.0.1\\',
  'https:///127.0.0.1/',
  'https://127.0.0.1\t/',
  'h\nttps://127.0.0.1/',
  ' https://127.0.0.1/ ',
  'https://127.0.0.1#@public.net/',
  'https://127.0.0.1?@public.net/',
  'wss://127.0.0.1/',
  'wss://[::1]:7777/',
])('%s does not point to the public internet', (url) => {
  expect(reasonOf(url)).toBe('private');
});

test.each([
  ['http://public.net/', 'scheme'],
  ['ws://public.net/', 'scheme'],
  ['ftp://public.net/', 'scheme'],
  ['file:///etc/passwd', 'scheme'],
  ['data:text/plain,hello', 'scheme'],
  ['javascript:alert(1)', 'scheme'],
  ['blob:https://public.net/1', 'scheme'],
  ['https://user:hunter2@public.net/', 'credentials'],
  ['https://hunter2@public.net/', 'credentials'],
  ['https://:hunter2@public.net/', 'credentials'],
  ['https://public.net@127.0.0.1/', 'credentials'],
  ['', 'malformed'],
  ['public.net', 'malformed'],
  ['https://', 'malformed'],
  ['https://256.256.256.256/', 'malformed'],
  ['https://[::1', 'malformed'],
  ['https://pub lic.net/', 'malformed'],
  ['https://public.net:70000/', 'malformed'],
  ['https://public.net:22/', 'port'],
  ['https://public.net:25/', 'port'],
  ['https://public.net:6667/', 'port'],
  ['https://public.net:0/', 'port'],
  [`https://public.net/${'a'.repeat(3_000)}`, 'too_long'],
])('%s is refused for its %s', (url, reason) => {
  expect(reasonOf(url)).toBe(reason);
});

test.each([
  'https://public.net/',
  'https://public.net:8443/page?q=1#part',
  'wss://relay.public.net:7777',
  'https://8.8.8.8/',
  'https://[2606:4700::1111]/',
  'https://münchen.de/',
  'https://127.0.0.1.public.net/',
  'https://localhost.public.net/',
  'https://internal.net/',
  'https://notlocalhost.com/',
])('%s passes', (url) => {
  expect(assertPublicUrl(url, STRICT).href).toBe(new URL(url).href);
});

test('our own hosts are refused, with their subdomains and in any case', () => {
  const options = { ...STRICT, ownHosts: ['errand.net'] };
  expect(reasonOf('https://ERRAND.net/jobs', options)).toBe('own_host');
  expect(reasonOf('https://api.errand.net./', options)).toBe('own_host');
  expect(reasonOf('https://noterrand.net/', options)).toMatch(/^passed/);
});

test('local mode opens private addresses and plain schemes, and neither credentials nor other schemes', () => {
  const local = { schemes: ['https'], allowPrivate: true };
  expect(reasonOf('http://127.0.0.1:22/', local)).toMatch(/^passed/);
  expect(reasonOf('http://user:hunter2@127.0.0.1/', local)).toBe('credentials');
  expect(reasonOf('ws://127.0.0.1/', local)).toBe('scheme');
  expect(reasonOf('file:///etc/passwd', local)).toBe('scheme');
});

test('an IPv4 address is judged the same in every spelling', () => {
  const spellings = (n: number): string[] => {
    const [a, b, c, d] = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
    const hex = n.toString(16).padStart(8, '0');
    return [
      `https://${a}.${b}.${c}.${d}/`,
      `https://${n}/`,
      `https://0x${hex}/`,
      `https://0${n.toString(8)}/`,
      `https://${a}.${n & 0xffffff}/`,
      `https://${a}.${b}.${(c << 8) | d}/`,
      `https://0x${a.toString(16)}.0${b.toString(8)}.${c}.${d}./`,
    ];
  };
  fc.assert(
    fc.property(
      fc.oneof(fc.nat({ max: 0xffffffff }), fc.integer({ min: 0x7f000000, max: 0x7fffffff })),
      (n) => {
        const dotted = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.');
        const expected = isPublicAddress(dotted);
        for (const url of spellings(n)) expect([url, reasonOf(url) === 'private']).toEqual([url, !expected]);
        // A public address behind a translator is still no business of ours.
        expect(reasonOf(`https://[::ffff:${dotted}]/`)).toBe('private');
        expect(reasonOf(`https://[64:ff9b::${dotted}]/`)).toBe('private');
      },
    ),
    { seed: 19, numRuns: 500 },
  );
});

test('any text is either refused with a reason or passes as a URL that passes again', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.webUrl(),
        fc.ipV6().map((ip) => `https://[${ip}]/`),
      ),
      (text) => {
        const outcome = reasonOf(text);
        if (outcome.startsWith('passed as ')) expect(reasonOf(outcome.slice(10))).toBe(outcome);
      },
    ),
    { seed: 20, numRuns: 1_000 },
  );
});
