import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { relayInformation } from '../../src/relay/information.ts';
import { leadingZeroBits, proofOfWork } from '../../src/relay/policies.ts';
import { type Policy, pipe } from '../../src/relay/policy.ts';
import { START_S, signed } from './rig.ts';

const submission = (event = signed(1)) => ({
  event,
  bytes: 300,
  now_s: START_S,
  authenticated: new Set<string>(),
});

describe('proof of work (NIP-13)', () => {
  test.each([
    ['f'.repeat(64), 0],
    ['7'.repeat(64), 1],
    ['1'.repeat(64), 3],
    [`00${'1'.repeat(62)}`, 11],
    [`000006d8${'c'.repeat(56)}`, 21],
    ['0'.repeat(64), 256],
  ])('of %s has %i bits', (hex, bits) => {
    expect(leadingZeroBits(hex)).toBe(bits);
  });

  test('asks for the work and for the commitment to it', () => {
    const policy = proofOfWork(8);
    const worked = (tags: string[][]) => submission({ ...signed(1, { tags }), id: `00${'a'.repeat(62)}` });
    expect(policy.check(submission({ ...signed(1), id: 'f'.repeat(64) }))).toMatch(/^pow: /);
    expect(policy.check(worked([['nonce', '1', '8']]))).toBeNull();
    expect(policy.check(worked([['nonce', '1', '4']]))).toMatch(/^pow: /);
  });
});

describe('pipe', () => {
  const rule = (reason: `blocked: ${string}` | null, nip: number): Policy => ({
    limitation: { max_event_tags: nip },
    nips: [nip],
    check: () => reason,
  });

  test('gives the first refusal, and says together what its policies say', () => {
    const both = pipe(rule(null, 9), rule('blocked: two', 1), rule('blocked: three', 5));
    expect(both.check(submission())).toBe('blocked: two');
    expect(both.nips).toEqual([1, 5, 9]);
    expect(pipe().check(submission())).toBeNull();
  });
});

test('the information document follows the configuration', () => {
  const plain = relayInformation(readConfig({ LOCAL: '1' }), '1.2.3');
  expect(plain).toMatchObject({
    version: '1.2.3',
    limitation: { restricted_writes: false, min_pow_difficulty: 0 },
  });
  expect(plain).not.toHaveProperty('pubkey');
  const strict = relayInformation(
    readConfig({ LOCAL: '1', RELAY_MIN_POW: '12', OPERATOR_PUBKEY: 'a'.repeat(64) }),
    '1.2.3',
  );
  expect(strict).toMatchObject({
    pubkey: 'a'.repeat(64),
    limitation: { restricted_writes: true, min_pow_difficulty: 12 },
  });
});
