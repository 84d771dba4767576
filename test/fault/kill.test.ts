/**
 * Goal: nothing accepted is lost (RELIABILITY, K0–K13). Method: jobs are brought to the points of their way and held
 * there; then the service as users start it is killed with SIGKILL, the whole process tree at once; it is started again on
 * the same state, and each job must have ended once, with one result event, at every relay it was promised to. The client behaves as clients
 * do: it publishes again only what no relay said OK to. Does not prove: that a disk keeps what it acknowledged, or
 * what Cloudflare's own machines do when they die.
 */

import type { Event } from 'nostr-tools/pure';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

function discoverKey(): string {
  const agent = service.now.dev.agents.find(({ slug }) => slug === 'discover');
  if (agent === undefined) throw new Error('no discover agent');
  return agent.pubkey;
}

/** One result event, the same at the embedded and at the outside relay, and one line in the record. */
async function endedOnce(client: Client, id: string, point: string): Promise<void> {
  const here = client.answers(id);
  const result = await here.end();
  // After a restart the link is dialled anew, and what failed meanwhile waits for its next try.
  const [there] = await outside.waitFor({ '#e': [id], kinds: [6302] }, 1, 45_000);
  expect(there?.id, point).toBe(result.id);
  expect(
    here.events.filter(endsJob).map((event) => event.id),
    point,
  ).toEqual([result.id]);
  expect(outside.stored({ '#e': [id], kinds: [6302] }), point).toHaveLength(1);
  await here.find((event) => event.kind === 7000);
  expect(
    here.events.filter((event) => event.kind === 7000),
    point,
  ).toHaveLength(1);
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

/** A job on its way to the point at which everything dies. */
interface Posted {
  readonly point: string;
  readonly client: Client;
  readonly request: Event;
  /** Whether a relay has said that it has it. */
  accepted: boolean;
}

async function post(relay: string, point: string, ...tags: string[][]): Promise<Posted> {
  const client = await connectClient(relay);
  const request = client.sign(5302, [['p', discoverKey()], ['i', `killed at ${point}`, 'text'], ...tags]);
  return { point, client, request, accepted: false };
}

const setOut = (job: Posted) => async () => {
  await job.client.publish(job.request);
  job.accepted = true;
};

test('jobs posted to the embedded relay survive SIGKILL, each at a point of its own', async () => {
  const jobs: Posted[] = [];
  // K6, K7: the work; K8: promised, nothing sent; K10: sent, not recorded; K12: delivered, not in the record; K13: an alarm.
  for (const point of ['K0', 'K1', 'K2', 'K6', 'K7', 'K8', 'K10', 'K12', 'K13'])
    jobs.push(await post(service.now.relay, point, ['relays', service.now.relay, outside.url]));
  await service.killedTogether(
    jobs.map((job) => ({
      point: job.point,
      // An alarm is its session's, and no single job's.
      ...(job.point === 'K13' ? {} : { about: job.request.id }),
      act: setOut(job),
    })),
  );
  await Promise.all(
    jobs.map(async ({ point, client, request, accepted }) => {
      const after = await connectClient(service.now.relay, client.secretKey);
      if (!accepted) await after.publish(request);
      await endedOnce(after, request.id, point);
      after.close();
    }),
  );
});

test('jobs posted to an outside relay survive SIGKILL, each at a point of its own', async () => {
  const jobs: Posted[] = [];
  for (const point of ['K0', 'K1', 'K2', 'K8']) jobs.push(await post(outside.url, point));
  await service.killedTogether(
    jobs.map((job) => ({ point: job.point, about: job.request.id, act: setOut(job) })),
  );
  await Promise.all(
    jobs.map(async ({ point, client, request }) => {
      const reader = await connectClient(service.now.relay, client.secretKey);
      await endedOnce(reader, request.id, point);
      reader.close();
      client.close();
    }),
  );
});
