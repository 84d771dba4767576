/** Team runs as the bench orders them: the shipped team, with roles of the client's own that the scripted model knows. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, TeamClient } from '../../support/team-client.ts';
import { JUDGES } from './model.ts';

export const TEAM = 'desk';
/** The most a run of the shipped team may cost, sats. */
const MOST_SATS = 100_000;
/** Enough for thousands of steps of {@link ROLE_TOKENS} quoted and 30 used, sats. */
const RUN_SATS = 80;
const ROLE_TOKENS = 20_000;
const POLL_MS = 100;
const PATIENCE_MS = 60_000;

/**
 * A writer who works as its prompt says to the scripted model, and a judge who prefers the newer draft: steps of one
 * question each. Every iteration is reported, because its draft is the better one.
 *
 * @param stages how often the writer works in an iteration
 */
export function runOf(prompt: string, iterations: number, stages = 1): Record<string, unknown> {
  const limits = { tokens: ROLE_TOKENS };
  return {
    budget_sats: RUN_SATS,
    iterations,
    order: Array.from({ length: stages }, () => 'writer'),
    roles: [
      { name: 'writer', makes: 'draft', prompt: `You write. ${prompt}`, tools: ['ask_user'], limits },
      { name: 'ranker', makes: 'judgement', prompt: `You judge. ${JUDGES}`, limits },
    ],
  };
}

/** A client with credit for a thousand runs: what a run that is called off at once gives back. */
export async function clientWithCredit(
  service: Parameters<typeof TeamClient.connect>[0],
): Promise<TeamClient> {
  const client = await TeamClient.connect(service, TEAM);
  const dear: Run = await client.begin('Nothing', 'credit', { budget_sats: MOST_SATS });
  await client.callOff(dear);
  const deadline = Date.now() + PATIENCE_MS;
  while ((await client.credit()) < (MOST_SATS - RUN_SATS) * 1_000) {
    if (Date.now() > deadline) throw new Error('the run that was called off did not become credit');
    await sleep(POLL_MS);
  }
  return client;
}
