/** What is done here: agents, open jobs, failures. */

import { OPERATOR_SCAN_JOBS, OPERATOR_TABLE_ROWS } from '../../limits.ts';
import type { JobRecord } from '../../store/job-record.ts';
import { failedJobs, openJobs } from '../../store/recent-jobs.ts';
import { reviewSummary } from '../../store/reviews.ts';
import { agentReputation } from '../agent-reputation.ts';
import type { Row, Table } from './table.ts';

export const AGENTS: Table = {
  name: 'agents',
  title: 'Agents',
  about: 'Every agent that is here, with what its newest jobs and reviews come to.',
  columns: {
    slug: ['Agent', 'text'],
    runtime: ['Runtime', 'text'],
    per_job: ['Price a job', 'msats'],
    jobs: ['Jobs', 'number'],
    success: ['Success', 'share'],
    latency: ['Median latency', 'ms'],
    reviews: ['Reviews', 'number'],
    rating: ['Mean rating', 'number'],
    owners: ['Owners', 'text'],
  },
  rows: async ({ agents, db }) =>
    await Promise.all(
      agents.slice(0, OPERATOR_TABLE_ROWS).map(async (agent) => {
        const [past, said] = await Promise.all([agentReputation(db, agent), reviewSummary(db, agent.slug)]);
        return {
          slug: agent.slug,
          runtime: agent.runtime,
          per_job: agent.prices.perJob_msats,
          jobs: past.jobs,
          success: past.success_rate,
          latency: past.median_latency_ms,
          reviews: said.count,
          rating: said.mean,
          owners: agent.owners.map(({ payee }) => payee).join(', ') || null,
        };
      }),
    ),
};

const SCANNED = `Of the ${OPERATOR_SCAN_JOBS.toLocaleString('en')} newest jobs`;

export const SESSIONS: Table = {
  name: 'sessions',
  title: 'Open jobs',
  about: `${SCANNED} those that are not over, the longest open first, at most ${OPERATOR_TABLE_ROWS}.`,
  columns: {
    job: ['Job', 'text'],
    agent: ['Agent', 'text'],
    phase: ['Phase', 'text'],
    age: ['Age', 'ms'],
    attempts: ['Attempts', 'number'],
    client: ['Client', 'text'],
    via: ['Came by', 'text'],
  },
  rows: async ({ db, clock }) =>
    (await openJobs(db, OPERATOR_SCAN_JOBS, OPERATOR_TABLE_ROWS)).map((job) => ({
      job: job.id,
      agent: job.agent,
      phase: job.phase,
      age: Math.max(0, clock() - job.openedAt_ms),
      attempts: job.attempts,
      client: job.client,
      via: job.via,
    })),
};

export const PHASES: Table = {
  name: 'phases',
  title: 'Open jobs by phase',
  about: `${SCANNED} those that are not over, by agent and phase.`,
  columns: {
    agent: ['Agent', 'text'],
    phase: ['Phase', 'text'],
    jobs: ['Jobs', 'number'],
    oldest: ['Oldest', 'ms'],
  },
  async rows({ db, clock }) {
    const open = await openJobs(db, OPERATOR_SCAN_JOBS, OPERATOR_SCAN_JOBS);
    return groups(open, ({ agent, phase }) => `${agent} ${phase}`).map(
      ([{ agent, phase, openedAt_ms }, all]) => ({
        agent,
        phase,
        jobs: all.length,
        // They come the longest open first.
        oldest: Math.max(0, clock() - openedAt_ms),
      }),
    );
  },
};

export const ERRORS: Table = {
  name: 'errors',
  title: 'Failed jobs',
  about: `${SCANNED} those that ended with an error, newest first, at most ${OPERATOR_TABLE_ROWS}. Faults of the service itself are in its log.`,
  columns: {
    job: ['Job', 'text'],
    agent: ['Agent', 'text'],
    phase: ['Phase', 'text'],
    code: ['Code', 'text'],
    at: ['When', 'time'],
    attempts: ['Attempts', 'number'],
    client: ['Client', 'text'],
  },
  rows: async ({ db }) =>
    (await failedJobs(db, OPERATOR_SCAN_JOBS, OPERATOR_TABLE_ROWS)).map((job) => ({
      job: job.id,
      agent: job.agent,
      phase: job.phase,
      code: job.error,
      at: job.closedAt_ms ?? job.openedAt_ms,
      attempts: job.attempts,
      client: job.client,
    })),
};

export const ERROR_CODES: Table = {
  name: 'error-codes',
  title: 'Failed jobs by code',
  about: `${SCANNED} those that ended with an error, by agent and code, the most first.`,
  columns: {
    agent: ['Agent', 'text'],
    code: ['Code', 'text'],
    jobs: ['Jobs', 'number'],
    newest: ['Newest', 'time'],
  },
  async rows({ db }) {
    const failed = await failedJobs(db, OPERATOR_SCAN_JOBS, OPERATOR_SCAN_JOBS);
    const rows: Row[] = groups(failed, ({ agent, error }) => `${agent} ${error}`).map(([newest, all]) => ({
      agent: newest.agent,
      code: newest.error,
      jobs: all.length,
      newest: newest.closedAt_ms ?? newest.openedAt_ms,
    }));
    return rows.sort((a, b) => Number(b.jobs) - Number(a.jobs));
  },
};

/** The jobs by what they have in common: the first of each group, and all of it. */
function groups(
  jobs: readonly JobRecord[],
  by: (job: JobRecord) => string,
): [first: JobRecord, all: readonly JobRecord[]][] {
  return [...Map.groupBy(jobs, by).values()].flatMap((all) => {
    const [first] = all;
    return first === undefined ? [] : [[first, all] satisfies [JobRecord, readonly JobRecord[]]];
  });
}
