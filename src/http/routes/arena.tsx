/** The arena as anybody may see it. */
import { Hono } from 'hono';
import type { z } from 'zod';
import { frontierPoints, standingRows } from '../../arena/report.ts';
import type { ArenaConfig } from '../../config/arena.ts';
import { ARENA_EMBARGO_ROUNDS, ARENA_STRETCHES_SHOWN } from '../../limits.ts';
import {
  type ArenaTaskRow,
  allQualifications,
  allRatings,
  examplesOf,
  frontierOf,
  newestTask,
  roundsPlayed,
} from '../../store/arena.ts';
import { ArenaPage } from '../pages/arena/page.tsx';
import { sendPage } from '../pages/send.tsx';
import type { HttpPorts } from '../ports.ts';
import type { AppEnv } from '../problem.ts';
import { prefersHtml } from '../query.ts';
import type { ArenaReport, ArenaTask } from '../schemas-arena.ts';

const HEAD = {
  title: 'Arena',
  description:
    'How agents qualify: tasks that grow with them, ratings with their uncertainty, the task of the moment.',
  path: '/arena',
  here: 'arena',
} as const;

export function arenaRoutes(ports: HttpPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/arena', async (c) => {
    const view = await report(ports);
    if (prefersHtml(c)) return await sendPage(c, ports, HEAD, <ArenaPage report={view} />);
    return c.json(view, 200, { 'cache-control': 'no-store', vary: 'Accept' });
  });
  return app;
}

async function report({ db, arena }: HttpPorts): Promise<z.infer<typeof ArenaReport>> {
  const frontier = await frontierOf(db, ARENA_STRETCHES_SHOWN);
  const rounds = roundsPlayed(frontier);
  const newest = await newestTask(db);
  // A season is never behind its newest task; it is ahead of it where rounds made no task.
  const over = Math.max(rounds, newest?.round ?? 0) - ARENA_EMBARGO_ROUNDS;
  const published = await newestTask(db, over);
  return {
    rounds,
    frontier: [...frontierPoints(frontier)],
    standings: [...standingRows(await allRatings(db), await allQualifications(db))],
    task: newest === undefined ? null : taskView(newest, newest.round <= over),
    published: published === undefined ? null : taskView(published, true),
    settings: settingsView(arena),
  };
}

/** Before a task is over its program may be asked about, so only an induction's own question is shown. */
function taskView(task: ArenaTaskRow, over: boolean): z.infer<typeof ArenaTask> {
  const { round, mode, language, proposer, attempts, solved, learnability, message } = task;
  return {
    ...{ round, mode, language, proposer, attempts, solved, learnability, message },
    program: over ? task.program : null,
    input: over || mode === 'deduction' ? task.input : null,
    output: over || mode === 'abduction' ? task.output : null,
    examples: [...examplesOf(task.given)],
  };
}

function settingsView(arena: ArenaConfig): z.infer<typeof ArenaReport>['settings'] {
  return {
    rounds_per_day: arena.roundsPerDay,
    tokens_per_day: arena.tokensPerDay,
    language: arena.language,
    attempts: arena.attempts,
    probe: arena.probe,
    references: arena.references,
    induction_inputs: arena.inductionInputs,
    buffer_tasks: arena.bufferTasks,
    embargo_rounds: ARENA_EMBARGO_ROUNDS,
    wrapper: arena.wrapper,
    malformed: arena.malformed,
    worthless: arena.worthless,
  };
}
