/**
 * Goal: an agent's parameters are the tool's arguments, whatever they are; MCP messages on Nostr are read from whom they
 * are, and from nobody else. Method: the pure parts, by hand. Does not prove: the protocol (test/e2e/mcp-door.test.ts).
 */
import { describe, expect, test } from 'vitest';
import { askInput } from '../../src/door/mcp/agent-tools.ts';
import { isMcpLetter, readLetter, writeLetter } from '../../src/door/mcp/nostr-message.ts';
import { alreadyVerified, type EventTemplate, type KeyPair, signAs } from '../../src/nostr/event.ts';
import { encryptNip44 } from '../../src/nostr/nip44.ts';
import { FREE } from '../../src/protocol/prices.ts';
import { person } from '../support/events.ts';
import { seededBytes } from '../support/seeded.ts';

describe('askInput()', () => {
  const PRICED = { ...FREE, perJob_msats: 1_000 };
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { word: { type: 'string' } },
    properties: { word: { $ref: '#/$defs/word' }, depth: { type: 'integer' } },
    required: ['word'],
    additionalProperties: false,
  };

  test('puts the parameters beside what is asked, and keeps the rest of their schema', () => {
    const { input, nested } = askInput({ parametersSchema: schema, prices: FREE });
    expect(nested).toBe(false);
    expect(input).toMatchObject({
      $defs: schema.$defs,
      additionalProperties: false,
      required: ['text', 'word'],
    });
    expect(Object.keys(Object(input.properties))).toEqual(
      expect.arrayContaining(['text', 'session', 'max_sats', 'wait_s', 'word', 'depth']),
    );
    expect(input).not.toHaveProperty('$schema');
    expect(askInput({ parametersSchema: schema, prices: PRICED }).input.required).toEqual([
      'text',
      'max_sats',
      'word',
    ]);
  });

  test('sets them apart where a name is ours, or where they are no object', () => {
    for (const parametersSchema of [
      { ...schema, properties: { text: { type: 'string' } } },
      { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
    ]) {
      const { input, nested } = askInput({ parametersSchema, prices: FREE });
      expect(nested).toBe(true);
      expect(input.required).toEqual(['text']);
      expect(input.properties).toHaveProperty('parameters');
    }
  });
});

describe('messages on Nostr', () => {
  const server = person('server');
  const client = person('client');
  const NOW_S = 1_800_000_000;
  const random = seededBytes(7);
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const template = (over: Partial<EventTemplate> = {}): EventTemplate => ({
    kind: 25_910,
    created_at: NOW_S,
    tags: [['p', server.publicKey]],
    content: JSON.stringify(message),
    ...over,
  });
  const wrapped = (inner: object, kind = 1059) => {
    const oneTime: KeyPair = person('once');
    const content = encryptNip44(JSON.stringify(inner), oneTime, server.publicKey, random);
    return signAs({ kind, created_at: NOW_S, tags: [['p', server.publicKey]], content }, oneTime);
  };

  test('are read in the clear and out of either wrap, and answered the way they came', () => {
    const plain = signAs(template(), client);
    expect(readLetter(plain, server, NOW_S)).toEqual({
      client: client.publicKey,
      id: plain.id,
      message,
      wrapKind: null,
    });
    expect(readLetter(wrapped(plain), server, NOW_S)).toMatchObject({
      client: client.publicKey,
      wrapKind: 1059,
    });
    expect(readLetter(wrapped(plain, 21_059), server, NOW_S)).toMatchObject({ wrapKind: 21_059 });
    const able = signAs(
      template({ tags: [['p', server.publicKey], ['support_encryption_ephemeral']] }),
      client,
    );
    // Who can have it so gets answers that no relay keeps.
    expect(readLetter(wrapped(able), server, NOW_S)).toMatchObject({ wrapKind: 21_059 });
    for (const event of [plain, wrapped(plain)]) expect(isMcpLetter(event, server.publicKey)).toBe(true);

    for (const wrapKind of [null, 1059, 21_059]) {
      const letter = { client: client.publicKey, id: plain.id, wrapKind };
      const answer = writeLetter(letter, { ok: true }, server, { now_s: NOW_S, random });
      expect(answer.kind).toBe(wrapKind ?? 25_910);
      expect(answer.tags).toContainEqual(['p', client.publicKey]);
      // Nobody but the client reads a wrapped one.
      expect(readLetter(answer, client, NOW_S)).toMatchObject({
        client: server.publicKey,
        message: { ok: true },
      });
      if (wrapKind !== null) expect(readLetter(answer, person('other'), NOW_S)).toBeNull();
    }
  });

  test('of nobody, for others, or of another time are none', () => {
    const plain = signAs(template(), client);
    const forged = { ...plain, pubkey: person('victim').publicKey };
    const others = signAs(template({ tags: [['p', person('other').publicKey]] }), client);
    expect(readLetter(wrapped(forged), server, NOW_S)).toBeNull();
    expect(readLetter(wrapped({ ...plain, content: '{}' }), server, NOW_S)).toBeNull();
    expect(readLetter(wrapped(others), server, NOW_S)).toBeNull();
    expect(readLetter(plain, server, NOW_S + 901)).toBeNull();
    expect(readLetter(plain, server, NOW_S - 901)).toBeNull();
    expect(readLetter(wrapped(signAs(template({ kind: 1 }), client)), server, NOW_S)).toBeNull();
    expect(readLetter(signAs(template({ content: 'none' }), client), server, NOW_S)).toBeNull();
    expect(readLetter(alreadyVerified({ ...wrapped(plain), content: 'x' }), server, NOW_S)).toBeNull();
    expect(isMcpLetter(others, server.publicKey)).toBe(false);
  });
});
