/** What clients of jobs do again and again: name an agent, word a task, read an answer, look a job up over HTTP. */
import type { Event } from 'nostr-tools/pure';
import { type Client, tag } from './client.ts';
import type { Service } from './service.ts';

/** Public key of an agent of the started service. @throws Error when it has no such agent */
export function agentKey(service: Pick<Service, 'dev'>, slug: string): string {
  const agent = service.dev.agents.find((candidate) => candidate.slug === slug);
  if (agent === undefined) throw new Error(`the service has no agent ${slug}`);
  return agent.pubkey;
}

/** The `request` tag of an agent task that asks one thing. */
export function asking(text: string, more: Record<string, unknown> = {}): string[] {
  return ['request', JSON.stringify({ messages: [{ role: 'user', content: text }], ...more })];
}

/** A signed agent task (kind 7001) to one agent. */
export function task(client: Client, agent: string, text: string, ...tags: string[][]): Event {
  return client.sign(7001, [['p', agent], asking(text), ...tags]);
}

/** Posts a request and waits for what ends it. */
export async function done(client: Client, request: Event): Promise<Event> {
  const answers = client.answers(request.id);
  await client.publish(request);
  return await answers.end();
}

/** The JSON of a tag. @throws Error when the tag is missing */
export function jsonTag(event: Event, name: string): Record<string, unknown> {
  const text = tag(event, name);
  if (text === undefined) throw new Error(`no ${name} tag in ${JSON.stringify(event.tags)}`);
  return JSON.parse(text);
}

/** A job as `GET /jobs/<id>` tells it, or the status code when it does not. */
export async function jobOverHttp(service: Service, id: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${service.url}/jobs/${id}`);
  if (response.ok) return await response.json();
  await response.body?.cancel();
  return { status: response.status };
}
