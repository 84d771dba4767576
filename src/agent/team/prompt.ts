/**
 * The text of a step's prompt, within a hard token budget: what has to be in it first (role, directives, answers,
 * task), then what it works on in full, then other outputs in full while there is room, else by summary.
 *
 * The role's prompt and the client's directives are orders. The task is the client's as well, but often quotes others;
 * it and everything that roles, users' answers and tools have written stand in delimited blocks as data.
 */

import type { ModelMessage } from '../chat/model-client.ts';
import { dataBlock } from '../data-block.ts';
import { DIRECTIVES_SHARE, type Role } from './config.ts';
import type { Version } from './records.ts';
import type { PromptParts } from './types.ts';

/** Counts tokens as the model does, or more; never less. */
export interface TokenCounter {
  count(text: string): number;
}

export interface PromptSources {
  readonly role: Role;
  /** The text of a version, from the record; null when it is gone. */
  readonly text: (id: string) => string | null;
}

/** What the messages cost beside their text, tokens: role names and separators. */
const FRAME_TOKENS = 16;
/** Less of a text than this says nothing, tokens. */
const LEAST_TOKENS = 64;
/** Shares of the budget that what must be in it may take; what it does not take is for the outputs. */
const ROLE_SHARE = 0.25;
const TASK_SHARE = 0.15;
/** A judge needs the room for the two texts; directives weigh less there, since they are in the versions. */
const JUDGE_ORDERS_SHARE = 0.15;
/** A verdict is short; what is beyond is not read, characters. */
const MAX_VERDICT_CHARS = 2_000;
/** What the check of the job said of a version. Not why: a hidden test may be behind it. */
const CHECKED = {
  passed: ', which passes the check of this job',
  refused: ', which the check of this job refused',
};
const CUT = '\n[… cut here for length …]';

/** @param budget the prompt is never longer, tokens */
export function buildStepPrompt(
  parts: PromptParts,
  { role, text }: PromptSources,
  budget: number,
  counter: TokenCounter,
): readonly ModelMessage[] {
  const system = fitted(role.prompt, Math.floor(budget * ROLE_SHARE), counter);
  const sections = ordersAndTask(parts, budget, DIRECTIVES_SHARE, counter);
  const answers = parts.answers.map(({ question, answer, by }) =>
    by === 'user' ? `${question}\nThe client: ${answer}` : `${question}\nNobody answered. Assume: ${answer}`,
  );
  const spent = () => counter.count([system, ...sections].join('\n\n')) + FRAME_TOKENS;
  const add = (section: string) => {
    sections.push(section);
    if (spent() <= budget) return true;
    sections.pop();
    return false;
  };
  for (const answer of answers) add(dataBlock('an answer to your question', answer));
  for (const [at, version] of parts.full.entries()) {
    const body = text(version.id);
    if (body !== null && add(dataBlock(sourceOf(version), body))) continue;
    // The first is what the step works on: as much of it as there is room for. Others give way to their summary.
    const room = budget - spent() - FRAME_TOKENS;
    const part =
      at === 0 && body !== null && room >= LEAST_TOKENS
        ? block(sourceOf(version), body, room, counter)
        : null;
    if (part === null || !add(part)) add(summaryOf(version));
  }
  for (const version of parts.older) if (!add(summaryOf(version))) break;
  return [
    { role: 'system', content: system },
    { role: 'user', content: sections.join('\n\n') },
  ];
}

/** Both texts a judge compares, each with the same room. */
export function buildJudgePrompt(
  parts: PromptParts,
  { role, text }: PromptSources,
  budget: number,
  counter: TokenCounter,
): readonly ModelMessage[] {
  const system = fitted(role.prompt, Math.floor(budget * ROLE_SHARE), counter);
  const head = ordersAndTask(parts, budget, JUDGE_ORDERS_SHARE, counter);
  const room = budget - counter.count([system, ...head].join('\n\n')) - 2 * FRAME_TOKENS;
  const shown = parts.full.slice(0, 2).map(({ id }, at) =>
    // No role, no number: nothing that would tell which is the newer.
    block(
      at === 0 ? 'the first version' : 'the second version',
      text(id) ?? '',
      Math.floor(room / 2),
      counter,
    ),
  );
  return [
    { role: 'system', content: system },
    { role: 'user', content: [...head, ...shown].join('\n\n') },
  ];
}

/** What the judge said: the first of the three words on the first line that has one; null when there is none. */
export function readVerdict(
  answer: string,
): { place: 'first' | 'second' | 'equal'; rationale: string } | null {
  const found = /^\W*(first|second|equal)\b[^\w\n]*(?:\n|$)([\s\S]*)/im.exec(
    answer.slice(0, MAX_VERDICT_CHARS),
  );
  const word = found?.[1]?.toLowerCase();
  if (word !== 'first' && word !== 'second' && word !== 'equal') return null;
  return { place: word, rationale: (found?.[2] ?? '').trim() };
}

/** What every prompt begins with: the client's directives within their share of the budget, then the task. */
function ordersAndTask(parts: PromptParts, budget: number, share: number, counter: TokenCounter): string[] {
  const orders = fitLast(orderLines(parts), Math.floor(budget * share), counter);
  return [
    ...(orders === '' ? [] : [`Directives of the client, all in force:\n${orders}`]),
    block('the task', parts.task, Math.floor(budget * TASK_SHARE), counter),
  ];
}

function orderLines({ directives, focus }: PromptParts): readonly string[] {
  const lines = directives.map(({ number, text }) => `#${number}: ${text.replace(/\s*\n\s*/g, ' ')}`);
  return focus === null ? lines : [...lines, `The client looks most at: ${focus}`];
}

/** The newest that fit, and as much of the newest as fits. */
function fitLast(lines: readonly string[], tokens: number, counter: TokenCounter): string {
  let kept = lines;
  while (kept.length > 1 && counter.count(kept.join('\n')) > tokens) kept = kept.slice(1);
  return fitted(kept.join('\n'), tokens, counter);
}

function sourceOf({ id, role, iteration, check }: Version): string {
  const judged = check === null || check.passed === null ? '' : CHECKED[check.passed ? 'passed' : 'refused'];
  return `${role}, version ${id} of iteration ${iteration}${judged}`;
}

function summaryOf(version: Version): string {
  return dataBlock(`${sourceOf(version)}, summary`, version.summary);
}

/** A data block of at most so many tokens, delimiters included. */
function block(source: string, body: string, tokens: number, counter: TokenCounter): string {
  const whole = dataBlock(source, body);
  if (counter.count(whole) <= tokens) return whole;
  const around = counter.count(dataBlock(source, '')) + FRAME_TOKENS;
  return dataBlock(source, fitted(body, tokens - around, counter));
}

/** The beginning of a text that is no longer than so many tokens, with a mark where it was cut. */
function fitted(body: string, tokens: number, counter: TokenCounter): string {
  if (counter.count(body) <= tokens) return body;
  let low = 0;
  let high = body.length;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (counter.count(body.slice(0, middle).toWellFormed() + CUT) <= tokens) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : body.slice(0, low).toWellFormed() + CUT;
}
