/** One piece of a team's work on a bench: an order as the desk gives it, and a house that has nothing but what is asked for. */

import type { Role } from '../../../../src/agent/team/config.ts';
import type { TeamBrief } from '../../../../src/agent/team/desk/brief.ts';
import { parseTeam } from '../../../../src/agent/team/parse.ts';
import type { WorkPorts } from '../../../../src/agent/team/work/ports.ts';
import type { ToolHouse } from '../../../../src/agent/tools/registry.ts';
import { FREE } from '../../../../src/protocol/prices.ts';
import { Journals, loopPorts } from '../../../support/loop.ts';
import { scriptedExecutor } from '../../../support/scripted-executor.ts';

export const PRICES = { ...FREE, per1kInputTokens_msats: 200, per1kOutputTokens_msats: 800 };
export const LIMIT = { tokens: 60_000, msats: 48_000 };

/** Built-in roles, and what is given in place of one. */
export function teamWith(
  roles: readonly Role[] = [],
  order: readonly string[] = ['researcher', 'writer', 'editor'],
  check: object | null = null,
) {
  return parseTeam({
    order,
    roles,
    check,
    budget: { msats: 1_000_000, tokens: 1_000_000, time_ms: 86_400_000 },
  });
}

export function briefFor(role: string, over: Partial<TeamBrief> = {}): TeamBrief {
  const { roles, promptTokens, check } = teamWith();
  return {
    number: 2,
    attempt: 1,
    work: { type: 'step', role, branch: 0, input: [] },
    team: { roles, promptTokens, check },
    role,
    parts: { role, task: 'Write it.', directives: [], focus: null, answers: [], full: [], older: [] },
    texts: {},
    outputs: [],
    journal: 'job/2.1',
    limit: LIMIT,
    since_ms: 0,
    ...over,
  };
}

/** Nothing a tool could stand on. */
export const BARE: ToolHouse = {
  webSearch: null,
  webPage: null,
  papers: null,
  nostr: null,
  artifacts: null,
  user: null,
  sandbox: null,
  hire: null,
  mcp: [],
  connect: () => {
    throw new Error('there are no servers');
  },
};

/** Ports over journals, with the model given. */
export function workPorts(
  ports: Pick<WorkPorts, 'model'> & Partial<WorkPorts>,
  journals = new Journals(),
): WorkPorts {
  return {
    ...loopPorts({ model: ports.model, store: journals.process() }),
    prices: PRICES,
    modelName: 'small',
    maxContextTokens: 16_000,
    house: (parts) => ({ ...BARE, user: parts.user ?? null, artifacts: parts.artifacts ?? null }),
    text: async () => null,
    hiring: () => null,
    notes: async () => [],
    executor: scriptedExecutor({}),
    ...ports,
  };
}

export const never = new AbortController().signal;
