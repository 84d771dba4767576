import * as nip05 from 'nostr-tools/nip05';
import { finalizeEvent } from 'nostr-tools/pure';
import { describe, expect, test } from 'vitest';
import { type Tag, tagValue, tagValues } from '../../src/nostr/event.ts';
import { announcements } from '../../src/protocol/announcements.ts';
import { namesDocument, nip05Address } from '../../src/protocol/nip05.ts';
import { chat, config, discover, NOW_S, otherKeys } from './fixtures.ts';

const facts = { cardHash: 'ab'.repeat(32), lud16: null };
const all = announcements(discover, config, facts, NOW_S);

function template(kind: number) {
  const found = all.find((announcement) => announcement.template.kind === kind);
  if (found === undefined) throw new Error(`kind ${kind} is not announced`);
  return found.template;
}

describe('announcements', () => {
  test('are a profile, two relay lists, a handler and a card', () => {
    expect(all.map((announcement) => announcement.template.kind)).toEqual([
      0, 10_002, 10_050, 31_990, 37_001,
    ]);
    for (const { template: event } of all) {
      expect(event.created_at).toBe(NOW_S);
      const tags = event.tags.map((tag: Tag) => [...tag]);
      expect(finalizeEvent({ ...event, tags }, otherKeys.secretKey).sig).toHaveLength(128);
    }
  });

  test('the profile says that it is a bot, and promises no zaps that are not served', () => {
    expect(JSON.parse(template(0).content)).toEqual({
      name: 'discover',
      display_name: 'Discover',
      about: 'Finds things',
      website: 'https://errand.test/agents/discover',
      bot: true,
      nip05: 'discover@errand.test',
    });
    const [profile] = announcements(discover, config, { ...facts, lud16: 'discover@errand.test' }, NOW_S);
    expect(JSON.parse(profile?.template.content ?? '')).toMatchObject({ lud16: 'discover@errand.test' });
  });

  test('the relay list begins with the embedded relay', () => {
    expect(tagValues(template(10_002), 'r')).toEqual([
      'wss://errand.test',
      'wss://one.test',
      'wss://two.test',
    ]);
  });

  test('the list of message relays begins with the embedded relay and is short', () => {
    expect(tagValues(template(10_050), 'relay')).toEqual([
      'wss://errand.test',
      'wss://one.test',
      'wss://two.test',
    ]);
    const many = { ...config, relays: ['wss://a.test', 'wss://b.test', 'wss://c.test', 'wss://d.test'] };
    const [, , list] = announcements(discover, many, facts, NOW_S);
    expect(tagValues(list?.template ?? { tags: [] }, 'relay')).toHaveLength(3);
  });

  test('handler and card name every kind the agent takes', () => {
    expect(tagValues(template(31_990), 'k')).toEqual(['7001', '5300', '5302']);
    expect(tagValues(template(37_001), 'k')).toEqual(['7001', '5300', '5302']);
    expect(tagValue(template(31_990), 'd')).toBe('discover');
    const hints = JSON.parse(template(31_990).content).nip90Params;
    expect(hints.order).toEqual({ required: false, values: ['new', 'hot'] });
  });

  test('the card is pointed to by URL and hash', () => {
    const card = template(37_001);
    expect(tagValue(card, 'url')).toBe('https://errand.test/agents/discover/card.json');
    expect(tagValue(card, 'x')).toBe(facts.cardHash);
    expect(tagValues(card, 'capability')).toEqual(['note-search']);
  });

  test('the fingerprint stays while only time passes, and moves with what it is about', () => {
    const prints = (agent = discover, given = facts, now_s = NOW_S) =>
      announcements(agent, config, given, now_s).map(({ fingerprint }) => fingerprint);
    expect(prints(discover, facts, NOW_S + 99)).toEqual(prints());
    const differing = (other: string[]) => prints().map((print, i) => print !== other[i]);
    expect(differing(prints(discover, { ...facts, cardHash: 'cd'.repeat(32) }))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(differing(prints({ ...discover, description: 'x' }))).toEqual([true, false, false, true, true]);
    expect(new Set(prints()).size).toBe(5);
  });
});

describe('names', () => {
  const relays = ['wss://errand.test'];

  test('are listed with their relays, all or the one asked for', () => {
    expect(namesDocument([discover, chat], relays, null)).toEqual({
      names: { discover: discover.pubkey, chat: chat.pubkey },
      relays: { [discover.pubkey]: relays, [chat.pubkey]: relays },
    });
    expect(namesDocument([discover, chat], relays, 'Chat').names).toEqual({ chat: chat.pubkey });
    expect(namesDocument([discover, chat], relays, 'constructor')).toEqual({ names: {}, relays: {} });
  });

  test('are addresses that nostr-tools accepts', () => {
    expect(nip05Address(discover, config.publicUrl)).toMatch(nip05.NIP05_REGEX);
  });
});
