/**
 * Who works for a simulated team: what a piece of work comes to depends on the seed and on which piece it is, never on
 * when it is done or how often, and what was done stands in journals that outlive whoever did it.
 */
import type { TeamDefinition } from '../../../../src/agent/team/definition.ts';
import type { TeamBrief } from '../../../../src/agent/team/desk/brief.ts';
import type { StepReport } from '../../../../src/agent/team/desk/steps.ts';
import type { Result } from '../../../../src/agent/team/types.ts';
import type { AgentPrices } from '../../../../src/protocol/prices.ts';
import { FREE } from '../../../../src/protocol/prices.ts';
import { seeded } from '../../../support/random.ts';

/** A token is ten millisatoshis, so that a step's whole quote is one sat. */
export const PRICES: AgentPrices = {
  ...FREE,
  per1kInputTokens_msats: 10_000,
  per1kOutputTokens_msats: 10_000,
};
const MSATS_PER_TOKEN = 10;
const STEP_TOKENS = 100;
const LIMITS = { steps: 3, tokens: STEP_TOKENS, msats: 1_000, time_ms: 600_000, outputTokens: 100 };

const role = (name: string, makes: 'notes' | 'draft' | 'judgement') => ({
  name,
  makes,
  prompt: `You are ${name}.`,
  tools: [],
  helpers: [],
  limits: LIMITS,
});

export const DEFINITION: TeamDefinition = {
  team: {
    roles: [
      role('researcher', 'notes'),
      role('writer', 'draft'),
      role('critic', 'notes'),
      role('editor', 'draft'),
      role('ranker', 'judgement'),
    ],
    order: ['researcher', 'writer', { parallel: ['critic', 'editor'] }],
    iterations: 2,
    stop: { noBetterIn: null, checkPassed: false },
    questions: { most: 2, patience_ms: 1_200_000 },
    budget: { tokens: 1_000_000, time_ms: 86_400_000 },
  },
  budget: { usual_msats: 20_000, most_msats: 1_000_000 },
};

/** What stands in the texts that a team makes, and nowhere else. */
export const MADE = 'echidna-output';

export class Staff {
  readonly #seed: number;
  /** Tokens that each journal has used, and what came of it when it came to its end. */
  readonly #journals = new Map<string, { tokens: number; over: StepReport | null }>();
  /** Chance that an attempt fails, is asked about, or takes more than it may. */
  readonly #trouble: number;

  constructor(seed: number, trouble: number) {
    this.#seed = seed;
    this.#trouble = trouble;
  }

  /** Does a piece of work, or goes on with it. */
  work(brief: TeamBrief): StepReport {
    const journal = this.#journals.get(brief.journal) ?? { tokens: 0, over: null };
    this.#journals.set(brief.journal, journal);
    if (journal.over !== null) return journal.over;
    const { number, attempt } = brief;
    const dice = seeded(this.#seed * 7_919 + number * 101 + attempt);
    const [what, many] = [dice(), dice()];
    // Somebody who takes more than the quote: the house bears that.
    journal.tokens += many < this.#trouble / 4 ? 3 * STEP_TOKENS : 1 + Math.floor(many * STEP_TOKENS);
    const result = this.#resultOf(brief, what, attempt);
    const over = result.type !== 'asked' && result.type !== 'failed';
    const used = {
      prompt_tokens: Math.floor(journal.tokens / 2),
      completion_tokens: Math.ceil(journal.tokens / 2),
      msats: journal.tokens * MSATS_PER_TOKEN,
      hired_msats: 0,
    };
    const usage = { tokens: journal.tokens, msats: used.msats };
    const report = { result: { ...result, usage }, used, over, notes: [] };
    if (over) journal.over = report;
    return report;
  }

  #resultOf({ work, number, parts }: TeamBrief, dice: number, attempt: number): Result {
    const usage = { tokens: 0, msats: 0 };
    if (dice < this.#trouble && attempt < 3) {
      const failure = { code: 'MODEL_ERROR', message: 'busy' } as const;
      return { type: 'failed', failure, retry: dice < this.#trouble / 2, retryAfter_ms: null, usage };
    }
    if (work.type === 'judge') {
      const place = dice < 0.5 ? 'first' : 'second';
      return { type: 'judged', place, rationale: `${number}`, usage };
    }
    if (dice > 1 - this.#trouble && parts.answers.length === 0) {
      return { type: 'asked', question: `What of ${number}?`, assumption: 'nothing', usage };
    }
    return { type: 'done', text: `${MADE} ${number}`, summary: null, usage };
  }
}
