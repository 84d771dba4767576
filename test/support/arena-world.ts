/** A house of the arena with scripted agents, an interpreter, a queue of questions and a record, all of which outlive it. */
import { argumentType, evaluate } from '../../src/arena/dsl/expression.ts';
import {
  argumentOf,
  expressionOf,
  expressionOfNote,
  inputOf,
  programOf,
  textOf,
} from '../../src/arena/dsl/program.ts';
import { randomValue } from '../../src/arena/dsl/random-program.ts';
import { ArenaHouse } from '../../src/arena/house/house.ts';
import type { ModelAnswer, ModelQuestion } from '../../src/arena/house/questions.ts';
import type { HouseOptions, Turn } from '../../src/arena/house/types.ts';
import { below, type Random } from '../../src/arena/random.ts';
import type { Proposer, Solver } from '../../src/arena/seat.ts';
import { DEFAULT_SETTINGS } from '../../src/arena/settings.ts';
import type { Question } from '../../src/arena/task.ts';
import type { Executor } from '../../src/checks/executor.ts';
import { recordArena } from '../../src/store/arena.ts';
import type { Sql } from '../../src/store/sql.ts';
import { dslExecutor } from './dsl-executor.ts';
import { nodeD1 } from './node-d1.ts';
import { nodeSql } from './node-sql.ts';

export const wrapped = (answer: string): string => `<think></think> <answer>${answer}</answer>`;
const fenced = (tag: string, body: string): string => `\`\`\`${tag}\n${body}\n\`\`\``;

/** A program of chance, with an input. */
export function proposalOf(random: Random): string {
  const a = `(plus ${1 + below(500, random)} v)`;
  const program = programOf(expressionOfNote(`(rev 0 ${a})`) ?? { op: 'const', value: 0 }, 'python');
  const input = inputOf([below(9, random), 1, 2], 'python');
  return wrapped(`${fenced('python', program)}\n${fenced('input', input)}`);
}

/** Ten inputs for a program of lists. */
export function inputsOf(random: Random): string {
  const inputs = new Set<string>();
  while (inputs.size < 10) inputs.add(inputOf([inputs.size, below(9, random)], 'python'));
  return wrapped(
    [...[...inputs].map((input) => fenced('input', input)), fenced('message', 'a list')].join('\n'),
  );
}

export function scriptedProposer(agent: string, owner = agent): Proposer {
  return {
    agent,
    owner,
    propose: async (order, _references, random) =>
      order.mode === 'induction' ? inputsOf(random) : proposalOf(random),
  };
}

/** The right answer to what a question shows; of an induction a wrong one. */
export function answerTo(question: Question, random: Random): string {
  if (question.mode === 'induction') return wrapped(fenced('python', 'def f(x):\n    return x'));
  const expression = expressionOf(question.program);
  if (expression === null) return wrapped('');
  if (question.mode === 'deduction') {
    const output = evaluate(expression, argumentOf(question.input, 'python') ?? 0, { left: 1_000 });
    return wrapped(fenced('output', output === null ? '' : textOf(output)));
  }
  const type = argumentType(expression) ?? 'list';
  for (let i = 0; i < 2_000; i += 1) {
    const input = randomValue(type, random);
    const output = evaluate(expression, input, { left: 1_000 });
    if (output !== null && textOf(output) === question.output)
      return wrapped(fenced('input', inputOf(input, 'python')));
  }
  return wrapped('');
}

/** Knows the answer with a chance. Inductions and inputs it does not look for. */
export function scriptedSolver(agent: string, chance: number, owner = agent): Solver {
  return {
    agent,
    owner,
    solve: async (question, _published, random) =>
      random() < chance && question.mode === 'deduction' ? answerTo(question, random) : wrapped('0'),
  };
}

export const WORLD_OPTIONS: HouseOptions = {
  language: 'python',
  seed: 1,
  seeds: [],
  settings: DEFAULT_SETTINGS,
  probe: null,
  proposers: [scriptedProposer('p1'), scriptedProposer('p2')],
  solvers: [scriptedSolver('s1', 0.3), scriptedSolver('s2', 0.7)],
  agents: [],
  roundsPerDay: 1_000_000,
  tokensPerDay: 1_000_000,
};

const START_MS = 86_400_000;

export class ArenaWorld {
  readonly sql = nodeSql();
  readonly d1 = nodeD1();
  /** Questions that were handed on and not put yet. */
  readonly queue: string[] = [];
  /** How often each question was put. */
  readonly put = new Map<string, number>();
  /** Unix ms. */
  now_ms = START_MS;
  /** How long a round takes by the clock; 0 leaves the clock to the test. */
  round_ms = 0;
  options: HouseOptions;
  executor: Executor = dslExecutor();
  /** What models say; null keeps the question waiting. */
  model: (question: ModelQuestion) => Partial<ModelAnswer> | null;

  constructor(options: Partial<HouseOptions> = {}, model: ArenaWorld['model'] = () => ({})) {
    this.options = { ...WORLD_OPTIONS, ...options };
    this.model = model;
  }

  /** @param sql the database as the process that opens it sees it */
  open(sql: Sql = this.sql): ArenaHouse {
    return new ArenaHouse(sql, this.options, {
      executor: { run: (executions, signal) => this.executor.run(executions, signal) },
      now: () => this.now_ms,
      order: async (keys) => {
        this.queue.push(...keys);
      },
    });
  }

  /** One turn as the object takes it, the runner's part and the record included. */
  async turn(house: ArenaHouse): Promise<Turn> {
    if (this.round_ms > 0) this.now_ms = START_MS + house.round * this.round_ms;
    await this.record(house);
    const turn = await house.turn(new AbortController().signal);
    await this.record(house);
    for (const key of [...this.queue]) {
      const question = house.question(key);
      const said = question === null ? null : this.model(question);
      if (question !== null) this.put.set(key, (this.put.get(key) ?? 0) + 1);
      if (said !== null) house.answered(key, { text: '', model: 'm', tokens: 100, took_ms: 1, ...said });
      // Acknowledged when it is done: what was cut off comes again.
      this.queue.shift();
    }
    return turn;
  }

  async record(house: ArenaHouse): Promise<void> {
    for (let next = house.news(); next !== null; next = house.news()) {
      await recordArena(this.d1.db, next.news);
      house.recorded(next.upto);
    }
  }

  /** Until so many rounds are played in all. */
  async play(house: ArenaHouse, rounds: number): Promise<readonly Turn[]> {
    const turns: Turn[] = [];
    while (house.round < rounds) {
      turns.push(await this.turn(house));
      if (turns.length > 50 * rounds) throw new Error('the arena does not get on');
    }
    await this.record(house);
    return turns;
  }

  /** The record, whole. */
  rows(): Readonly<Record<string, readonly Record<string, unknown>[]>> {
    const tables = [
      'arena_task',
      'arena_attempt',
      'arena_group',
      'rating',
      'qualification',
      'arena_frontier',
    ];
    return Object.fromEntries(
      tables.map((table) => [table, this.d1.rows(`SELECT * FROM ${table} ORDER BY 1, 2, 3`)]),
    );
  }
}
