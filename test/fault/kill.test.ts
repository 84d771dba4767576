/**
 * Goal: nothing accepted is lost (RELIABILITY, K0–K13). Method: the service as users start it is killed with SIGKILL,
 * the whole process tree at once, at a named point of a job's way; it is started again on the same state, and the
 * job must have ended once, with one result event, at every relay it was promised to. The client behaves as clients
 * do: it publishes again only what no relay said OK to. Does not prove: that a disk keeps what it acknowledged, or
 * what Cloudflare's own machines do when they die.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connectClient, endsJob } from '../support/client.ts';
import { MortalService } from '../support/mortal-service.ts';
import { type OutsideRelay, startOutsideRelay } from '../support/outside-relay.ts';

let outside: OutsideRelay;
let service: MortalService;

beforeAll(async () => {
  outside = await startOutsideRelay();
  service = await MortalService.start({ RELAYS: outside.url });
});

afterAll(async () => {
  await service.stop();
  await outside.stop();
});

async function discoverKey(): Promise<string> {
  const agent = service.now.dev.agents.find(({ slug }) => slug === 'discover');
  if (agent === undefined) throw new Error('no discover agent');
  return agent.pubkey;
}

/** One result event, the same at the embedded and at the outside relay, and one line in the record. */
async function endedOnce(client: Client, id: string): Promise<void> {
  const here = client.answers(id);
  const result = await here.end();
  const [there] = await outside.waitFor({ '#e': [id], kinds: [6302] });
  expect(there?.id).toBe(result.id);
  expect(here.events.filter(endsJob).map((event) => event.id)).toEqual([result.id]);
  expect(outside.stored({ '#e': [id], kinds: [6302] })).toHaveLength(1);
  await here.find((event) => event.kind === 7000);
  expect(here.events.filter((event) => event.kind === 7000)).toHaveLength(1);
  await expect
    .poll(
      async () => {
        const response = await fetch(`${service.now.url}/jobs/${id}`);
        return response.ok ? await response.json() : { status: response.status };
      },
      { timeout: 20_000 },
    )
    .toMatchObject({ phase: 'delivered', result_event_id: result.id });
}

describe('a job posted to the embedded relay survives SIGKILL', () => {
  // K6, K7: the work; K8: promised, nothing sent; K10: sent, not recorded; K12: delivered, not in the record.
  test.each(['K0', 'K1', 'K2', 'K6', 'K7', 'K8', 'K10', 'K12', 'K13'])('at %s', async (point) => {
    const before = await connectClient(service.now.relay);
    const request = before.sign(5302, [
      ['p', await discoverKey()],
      ['i', `killed at ${point}`, 'text'],
      ['relays', service.now.relay, outside.url],
    ]);
    let accepted = false;
    await service.killedAt(point, async () => {
      await before.publish(request);
      accepted = true;
    });
    const after = await connectClient(service.now.relay, before.secretKey);
    if (!accepted) await after.publish(request);
    await endedOnce(after, request.id);
    after.close();
  });
});

describe('a job posted to an outside relay survives SIGKILL', () => {
  test.each(['K0', 'K1', 'K2', 'K8'])('at %s', async (point) => {
    const client = await connectClient(outside.url);
    const request = client.sign(5302, [
      ['p', await discoverKey()],
      ['i', `killed at ${point} of a link`, 'text'],
    ]);
    await service.killedAt(point, async () => {
      await client.publish(request);
    });
    const reader = await connectClient(service.now.relay, client.secretKey);
    await endedOnce(reader, request.id);
    reader.close();
    client.close();
  });
});
