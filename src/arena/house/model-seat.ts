/** The seat of an agent that is asked elsewhere: it has the answers that have come, and wants those that have not. */
import { ARENA_MAX_QUESTIONS } from '../../limits.ts';
import type { ChatTurn } from '../export/rollout.ts';
import { proposePrompt } from '../prompts/propose.ts';
import { solvePrompt } from '../prompts/solve.ts';
import type { Proposer, Solver } from '../seat.ts';
import type { ArenaSettings } from '../settings.ts';
import { type ModelAnswer, promptHash, type Questions, questionKey, type Wanted } from './questions.ts';

/** An agent of this marketplace that sits in the arena by its model. */
export interface ModelAgent {
  /** Its slug. */
  readonly agent: string;
  readonly owner: string;
  /** The models on its card. */
  readonly models: readonly string[];
}

/** An answer is missing, and nothing can go on without it. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** A response as the record tells of it. */
export interface Asked {
  readonly promptHash: string;
  readonly model: string;
  readonly tokens: number;
  readonly took_ms: number;
}

/** All that is asked in one playing of a round or an examination. */
export class Asking {
  readonly wanted: Wanted[] = [];
  /** Asked, and not answered yet. */
  open = 0;
  /** By agent, in the order in which it was asked. */
  readonly answers = new Map<string, Asked[]>();
  readonly #unit: string;
  readonly #questions: Questions;
  readonly #now_ms: number;

  constructor(unit: string, questions: Questions, now_ms: number) {
    this.#unit = unit;
    this.#questions = questions;
    this.#now_ms = now_ms;
  }

  get complete(): boolean {
    return this.open === 0 && this.wanted.length === 0;
  }

  /** The text; undefined where it has to be waited for. */
  ask(agent: string, prompt: readonly ChatTurn[]): string | undefined {
    const before = this.answers.get(agent) ?? [];
    const key = questionKey(this.#unit, agent, before.length, prompt);
    const answer = this.#questions.answer(key, this.#now_ms);
    this.answers.set(agent, [...before, asked(prompt, answer ?? null)]);
    if (answer === undefined) {
      if (this.wanted.length >= ARENA_MAX_QUESTIONS) throw new Error('too many questions in one round');
      this.wanted.push({ key, agent, prompt });
    } else if (answer === null) this.open += 1;
    return answer?.text;
  }
}

export function modelSeat(
  { agent, owner }: ModelAgent,
  asking: Asking,
  settings: ArenaSettings,
): Proposer & Solver {
  return {
    agent,
    owner,
    propose: async (order, references) => {
      const text = asking.ask(agent, proposePrompt(order, references, settings));
      if (text === undefined) throw new Unanswered();
      return text;
    },
    // All attempts are asked for together, so an open one does not end the playing.
    solve: async (question) => asking.ask(agent, solvePrompt(question, settings)) ?? '',
  };
}

function asked(prompt: readonly ChatTurn[], answer: ModelAnswer | null): Asked {
  const { model = '', tokens = 0, took_ms = 0 } = answer ?? {};
  return { promptHash: promptHash(prompt), model, tokens, took_ms };
}
