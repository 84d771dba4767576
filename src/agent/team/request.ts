/** A request to a team: its task, what the client changes of the team, and what the run may cost. */
import * as z from 'zod';
import type { Revealed } from '../../checks/hidden.ts';
import { JobError, type Json } from '../../errors.ts';
import { TEAM_MAX_ROLES, TEAM_MAX_TASK_BYTES } from '../../limits.ts';
import { parseMailAddress } from '../../mail-address.ts';
import { type Msats, msats, msatsFromSats } from '../../payment/msats.ts';
import type { ChatMessage, JobBody, ReferencedInput } from '../../protocol/model.ts';
import type { AgentPrices } from '../../protocol/prices.ts';
import { utf8Bytes } from '../../protocol/size.ts';
import { dataBlock } from '../data-block.ts';
import { textOf } from '../messages.ts';
import { type Role, roleSchema, type TeamConfig } from './config.ts';
import { leastBudget, priced, type TeamDefinition } from './definition.ts';
import { parseCadence } from './feedback/cadence.ts';
import { DETAILS } from './feedback/commands.ts';
import { parseTeam } from './parse.ts';
import { parseQuiet } from './report/quiet.ts';
import type { ReporterSettings } from './report/settings.ts';

const SECOND_MS = 1_000;

/** What a run is opened with. */
export interface TeamOrder {
  readonly team: TeamConfig;
  readonly task: string;
  /** What it may cost, msats; 0 for a free team. */
  readonly budget: Msats;
  /** Lower case; null for no mail. */
  readonly mail: string | null;
}

/** The check of a job's contract, with its hidden part. */
export interface ContractCheck {
  readonly spec: Json;
  readonly hidden: Revealed | null;
}

/**
 * Reads a request whose parameters have passed the schema of its card (parameters.ts).
 *
 * @param history the conversation before it: a run can go on from an earlier one's result
 * @param check that of the job's contract, which takes the place of the team's own; null where it has none
 * @throws JobError INVALID_PARAMETER, CONTENT_TOO_LARGE; INSUFFICIENT_FUNDS for a budget that allows no first draft
 */
export function readTeamOrder(
  definition: TeamDefinition,
  prices: AgentPrices,
  body: JobBody,
  history: readonly ChatMessage[] = [],
  check: ContractCheck | null = null,
): TeamOrder {
  const { parameters } = body;
  const budget = budgetOf(definition, body);
  const base = definition.team;
  const own = parseTeam({ ...base, budget: { ...base.budget, msats: 0 } });
  const changed = {
    ...base,
    ...(parameters.order === undefined ? {} : { order: parameters.order }),
    ...(parameters.iterations === undefined ? {} : { iterations: parameters.iterations }),
    roles: [...(base.roles ?? []), ...rolesOf(own, parameters.roles)],
    budget: {
      ...base.budget,
      ...timeOf(base.budget.time_ms, parameters.time_limit_s),
      msats: Number(budget),
    },
    reports: { ...base.reports, ...reportsOf(parameters) },
    ...(check === null ? {} : { check }),
  };
  const team = priced(parseTeam(changed), prices);
  const least = leastBudget(team);
  if (Number(budget) < least) {
    throw new JobError('INSUFFICIENT_FUNDS', 'The budget does not reach for a first version', {
      path: '$.parameters.budget_sats',
      least_msats: least,
      budget_msats: Number(budget),
    });
  }
  return { team, task: taskOf(body, history), budget, mail: mailOf(parameters.mail) };
}

/** Whether a request says what its run may cost; always true of a free team. */
export function namesBudget({ budget }: TeamDefinition, { parameters, bid_msats }: JobBody): boolean {
  return budget.most_msats === 0 || parameters.budget_sats !== undefined || bid_msats !== null;
}

/** What the client offers: the parameter, else NIP-90's bid, else what is usual. */
function budgetOf({ budget }: TeamDefinition, { parameters, bid_msats }: JobBody): Msats {
  if (budget.most_msats === 0) return msats(0);
  const named = parameters.budget_sats === undefined ? null : msatsFromSats(parameters.budget_sats);
  const offered = named === null ? (bid_msats ?? budget.usual_msats) : Number(named);
  if (offered > budget.most_msats) {
    throw invalid('budget_sats', `is more than the ${budget.most_msats / 1_000} sats a run may cost`);
  }
  return msats(Math.floor(offered));
}

/** A client may take time away and not give more. */
function timeOf(most_ms: number, wanted_s: Json | undefined): { readonly time_ms?: number } {
  return typeof wanted_s === 'number' ? { time_ms: Math.min(most_ms, wanted_s * SECOND_MS) } : {};
}

/** Roles of the client's own. They may have the tools that some role of the team has, and no others. */
function rolesOf(own: TeamConfig, roles: Json | undefined): readonly Role[] {
  const parsed = z
    .array(roleSchema)
    .max(TEAM_MAX_ROLES)
    .safeParse(roles ?? []);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(['roles', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'are no roles');
  }
  const granted = new Set(Object.values(own.roles).flatMap(({ tools }) => tools));
  for (const { tools } of parsed.data) {
    const foreign = tools.find((tool) => !granted.has(tool));
    if (foreign !== undefined) throw invalid('roles', `the team has no tool ${foreign}`);
  }
  return parsed.data;
}

function reportsOf({ cadence, detail, focus, quiet }: JobBody['parameters']): Partial<ReporterSettings> {
  const read = <T>(
    name: string,
    value: Json | undefined,
    parse: (text: string) => T | null,
  ): T | undefined => {
    if (typeof value !== 'string') return undefined;
    const parsed = parse(value);
    if (parsed === null) throw invalid(name, 'cannot be understood');
    return parsed;
  };
  const often = read('cadence', cadence, parseCadence);
  const hours = read('quiet', quiet, parseQuiet);
  const level = DETAILS.find((one) => one === detail);
  return {
    ...(often === undefined ? {} : { cadence: often }),
    ...(hours === undefined ? {} : { quiet: hours }),
    ...(level === undefined ? {} : { detail: level }),
    ...(typeof focus === 'string' ? { focus } : {}),
  };
}

function mailOf(value: Json | undefined): string | null {
  if (value === undefined) return null;
  const address = typeof value === 'string' ? parseMailAddress(value) : null;
  if (address === null) throw invalid('mail', 'is no mail address');
  return address;
}

/** What the client wrote, what it refers to, and what was said before. */
function taskOf({ messages, inputs }: JobBody, history: readonly ChatMessage[]): string {
  const parts = [
    ...history.map((message) =>
      dataBlock(message.role === 'assistant' ? 'the result before' : 'the client, earlier', textOf(message)),
    ),
    ...messages.map(textOf),
    ...inputs.map(referenceLine),
  ].filter((part) => part.trim() !== '');
  if (messages.every((message) => textOf(message).trim() === '')) {
    throw new JobError('BAD_REQUEST', 'the request has no text to work on');
  }
  // An earlier result gives way; what is asked for now does not.
  while (
    parts.length > messages.length + inputs.length &&
    utf8Bytes(parts.join('\n\n')) > TEAM_MAX_TASK_BYTES
  )
    parts.shift();
  const task = parts.join('\n\n');
  const actual_bytes = utf8Bytes(task);
  if (actual_bytes <= TEAM_MAX_TASK_BYTES) return task;
  throw new JobError('CONTENT_TOO_LARGE', 'the task is too long', {
    limit_bytes: TEAM_MAX_TASK_BYTES,
    actual_bytes,
  });
}

/** The roles have the tools to look it up. */
function referenceLine({ type, value }: ReferencedInput): string {
  return `To be looked at (${type}): ${value}`;
}

function invalid(name: string, message: string): JobError {
  const path = `$.parameters.${name}`;
  return new JobError('INVALID_PARAMETER', `${path} ${message}`, { path });
}
