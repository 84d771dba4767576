/**
 * Goal: whom the operator keeps out at run time stays out when the object is started again, and is let in when it is taken
 * off the list. Method: the rule over the storage of one object. Does not prove that the operator's page reaches it.
 */
import { expect, test } from 'vitest';
import { BlockedAuthors } from '../../src/relay/blocked.ts';
import { EventStore } from '../../src/relay/event-store.ts';
import { nodeSql } from '../support/node-sql.ts';
import { hexOf } from '../support/records.ts';

test('BlockedAuthors keeps out those of the configuration and those of the list, over a restart', () => {
  const sql = nodeSql();
  // It makes the tables of the object.
  new EventStore(sql).lastSeq;
  const configured = new Set([hexOf(1)]);
  const before = new BlockedAuthors(sql, configured);
  before.replace([hexOf(2), hexOf(3)]);
  const after = new BlockedAuthors(sql, configured);
  expect([1, 2, 3, 4].map((n) => after.has(hexOf(n)))).toEqual([true, true, true, false]);
  after.replace([hexOf(3), hexOf(4)]);
  expect([1, 2, 3, 4].map((n) => after.has(hexOf(n)))).toEqual([true, false, true, true]);
  after.replace([]);
  expect([1, 2, 3, 4].map((n) => new BlockedAuthors(sql, configured).has(hexOf(n)))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
