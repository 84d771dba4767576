import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replyAddresses } from '../../../../src/agent/team/mail/reply-address.ts';
import { ConfigError, readConfig } from '../../../../src/config.ts';
import { parseMailAddress } from '../../../../src/mail-address.ts';

const SECRET = '11'.repeat(32);
const FROM = 'team@errand.example';
const jobId = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const desk = replyAddresses(SECRET, FROM);

describe('replyAddresses', () => {
  test('an address is read back as the beginning of its job, in whatever case mail brings it', () => {
    fc.assert(
      fc.property(jobId, fc.boolean(), (job, shouted) => {
        const address = desk.of(job);
        expect(parseMailAddress(address)).toBe(address);
        expect(address.indexOf('@')).toBeLessThanOrEqual(64);
        expect(desk.read(shouted ? address.toUpperCase() : address)).toBe(job.slice(0, 16));
      }),
      { seed: 1 },
    );
  });

  test('an address with any character changed, added or taken away is not ours', () => {
    fc.assert(
      fc.property(
        jobId,
        fc.nat(31),
        fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
        (job, at, char) => {
          const address = desk.of(job);
          const token = address.slice('team+'.length, address.indexOf('@'));
          const other = `${token.slice(0, at)}${char}${token.slice(at + 1)}`;
          fc.pre(other !== token);
          for (const wrong of [other, token.slice(0, at) + token.slice(at + 1), token + char])
            expect(desk.read(`team+${wrong}@errand.example`)).toBeNull();
        },
      ),
      { seed: 2 },
    );
  });

  test('what another deployment made, or another address of ours, is not read', () => {
    const job = 'ab'.repeat(32);
    const [local, domain] = desk.of(job).split('@');
    expect(replyAddresses('22'.repeat(32), FROM).read(desk.of(job))).toBeNull();
    expect(desk.read(`${local}@elsewhere.example`)).toBeNull();
    expect(desk.read(`x${local}@${domain}`)).toBeNull();
    for (const text of [
      '',
      '@',
      'team@errand.example',
      'team+@errand.example',
      `${local}@`,
      'team+ßßß@errand.example',
    ])
      expect(desk.read(text)).toBeNull();
  });

  test('the longest MAIL_FROM that is allowed leaves room for the token', () => {
    const longest = `${'a'.repeat(31)}@errand.example`;
    expect(readConfig({ LOCAL: '1', MAIL_FROM: longest }).mailFrom).toBe(longest);
    expect(replyAddresses(SECRET, longest).of('ab'.repeat(32)).indexOf('@')).toBe(64);
    expect(() => readConfig({ LOCAL: '1', MAIL_FROM: `a${longest}` })).toThrow(ConfigError);
  });
});

describe('MAIL_FROM', () => {
  test.each([
    'nobody',
    'a@b',
    'a b@c.example',
    'A <a@b.example>',
    'a@b.example, c@d.example',
    'a..b@c.example',
  ])('%j is refused, and not repeated in the error', (value) => {
    expect(() => readConfig({ LOCAL: '1', MAIL_FROM: value })).toThrow(/^MAIL_FROM must be a mail address$/);
  });

  test('is kept in lower case; without it mail works locally only', () => {
    expect(readConfig({ LOCAL: '1', MAIL_FROM: ' Team@Errand.Example ' }).mailFrom).toBe(FROM);
    expect(readConfig({ LOCAL: '1' }).mailFrom).toMatch(/@errand\.test$/);
    const deployed = { MASTER_SECRET: SECRET, PUBLIC_URL: 'https://errand.example' };
    expect(readConfig(deployed).mailFrom).toBeNull();
  });
});

test('parseMailAddress() is quick to refuse a hostile text', () => {
  const began = performance.now();
  for (const text of [`${'a.'.repeat(50_000)}@`, `a@${'b.'.repeat(50_000)}`, `a@${'-'.repeat(100_000)}`])
    expect(parseMailAddress(text)).toBeNull();
  expect(parseMailAddress(`${'a'.repeat(65)}@b.example`)).toBeNull();
  expect(performance.now() - began).toBeLessThan(100);
});
