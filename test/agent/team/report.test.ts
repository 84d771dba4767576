/**
 * Goal: the user is told when and as they want to be, never of nothing, and always that the work waits or has ended.
 * Method: runs in the scripted world, and reports rendered. Does not prove: that a transport delivers.
 */
import { describe, expect, test } from 'vitest';
import { readFeedback } from '../../../src/agent/team/feedback/read.ts';
import { advanceTeam, nextTeamTick } from '../../../src/agent/team/machine.ts';
import { isQuiet, parseQuiet, quietUntil } from '../../../src/agent/team/report/quiet.ts';
import { headline, reportMarkdown, reportText } from '../../../src/agent/team/report/render.ts';
import type { TeamReport } from '../../../src/agent/team/report/types.ts';
import { failed, improving, message, play, type Scene, type Script, START_MS, USED } from './world.ts';

const HOUR_MS = 3_600_000;
const SILENT = { cadence: { everyIterations: null, every_ms: null }, events: [] };
const eventsOf = (scene: Scene) => play(scene).reports.map(({ events }) => events);
const withReports = (reports: object, more: object = {}) => ({ team: { reports, ...more } });

describe('when', () => {
  test('by iteration, and of events', () => {
    expect(eventsOf({})).toEqual([
      ['started'],
      ['better', 'iteration'],
      ['better', 'iteration'],
      ['done', 'better', 'iteration'],
    ]);
  });

  test('every second iteration', () => {
    const reports = { ...SILENT, cadence: { everyIterations: 2, every_ms: null } };
    expect(eventsOf(withReports(reports, { iterations: 5 }))).toEqual([
      ['iteration'],
      ['iteration'],
      ['done'],
    ]);
  });

  test('only of the end, when nothing is wanted', () => {
    expect(eventsOf(withReports(SILENT))).toEqual([['done']]);
  });

  test('of 50, 80 and 100 % of the budget, once each, in one report where they come together', () => {
    const reports = { ...SILENT, events: ['budget50', 'budget80', 'budget100'] };
    const events = eventsOf({
      ...withReports(reports, { order: ['writer'], iterations: 9 }),
      funded_msats: 5_000,
    });
    expect(events.flat()).toEqual(['budget80', 'budget50', 'done', 'budget100']);
  });

  test('of an error, and that the work is blocked', () => {
    const script: Script = (effect, quality) =>
      effect.number === 2 ? failed(false) : improving(effect, quality);
    const { effects } = play({ script, until: ({ blocked }) => blocked !== null });
    expect(effects.at(-1)).toMatchObject({
      report: { events: ['blocked', 'error'], state: 'blocked', errors: [{ step: 2, role: 'writer' }] },
    });
  });

  test('by time, while it works, not while it rests', () => {
    const reports = { ...SILENT, cadence: { everyIterations: null, every_ms: HOUR_MS } };
    const { run, now_ms } = play({ ...withReports(reports), until: ({ taskCount }) => taskCount === 2 });
    expect(
      advanceTeam(run, { type: 'alive', number: 2, attempt: 1 }, START_MS + HOUR_MS - 1).effects,
    ).toEqual([]);
    const { effects } = advanceTeam(run, { type: 'alive', number: 2, attempt: 1 }, START_MS + HOUR_MS);
    expect(effects).toMatchObject([{ type: 'report', report: { events: ['time'], state: 'working' } }]);
    const paused = play({
      ...withReports(reports),
      news: { 2: [message('p', 'pause')] },
      until: ({ restingSince_ms }) => restingSince_ms !== null,
    });
    expect(nextTeamTick(paused.run, now_ms)).toBeGreaterThan(START_MS + (1_000 * HOUR_MS) / 10);
  });

  test('changed at run time by a message', () => {
    const news = { 1: [message('m', 'cadence: never\n\ndetail low\n\nfocus: costs')] };
    const { reports } = play({ ...withReports({ events: [] }), news });
    expect(reports.map(({ events }) => events)).toEqual([['done']]);
    expect(reports[0]).toMatchObject({
      detail: 'low',
      focus: 'costs',
      orders: ['reports of events only', 'detail: low', 'focus: costs'],
    });
  });
});

describe('quiet hours', () => {
  const quiet = parseQuiet('22:00-07:00 UTC');
  const night_ms = Date.UTC(2026, 4, 3, 23, 30);

  test('over midnight, and where the user lives', () => {
    expect(isQuiet(quiet, night_ms)).toBe(true);
    expect(isQuiet(quiet, Date.UTC(2026, 4, 3, 21, 59))).toBe(false);
    expect(quietUntil(quiet, night_ms)).toBe(Date.UTC(2026, 4, 4, 7));
    expect(isQuiet(parseQuiet('22-7 Asia/Tokyo'), night_ms)).toBe(false);
    expect(quietUntil(parseQuiet('22-7 America/New_York'), Date.UTC(2026, 0, 3, 5))).toBe(
      Date.UTC(2026, 0, 3, 12),
    );
  });

  test.each(['25-7', '22-7 Mars/Olympus', '22:70-7', 'at night', ''])('no hours: %j', (text) => {
    expect(parseQuiet(text)).toBeNull();
  });

  test('hold back what can wait and tell it in one report; the end is told at once', () => {
    // The world begins at 08:00 UTC.
    expect(new Date(START_MS).getUTCHours()).toBe(8);
    const hours = { from_min: 420, to_min: 600, timeZone: 'UTC' };
    const { reports } = play({ ...withReports({ quiet: hours }), until: ({ iteration }) => iteration === 3 });
    expect(reports).toEqual([]);
    const held = play({ ...withReports({ quiet: hours }), until: ({ iteration }) => iteration === 3 }).run;
    const over_ms = START_MS - (START_MS % HOUR_MS) + 2 * HOUR_MS;
    const flying = held.wave[0];
    expect(held.reporter.pending).toEqual(['started', 'better', 'iteration']);
    const { effects } = advanceTeam(
      held,
      { type: 'alive', number: flying?.number ?? 0, attempt: 1 },
      over_ms,
    );
    expect(effects).toMatchObject([
      { type: 'report', report: { number: 1, events: ['better', 'started', 'iteration'] } },
    ]);
    const { reports: told, now_ms } = play(withReports({ quiet: hours }));
    expect(told.map(({ events }) => events[0])).toEqual(['done']);
    expect(told[0]?.at_ms).toBe(now_ms - 20);
    expect(now_ms).toBeLessThan(over_ms);
  });
});

describe('as text', () => {
  const { reports } = play({
    news: { 1: [message('m1', 'Use *metric* units.'), message('m2', 'editor: cut it\n\nDETAIL: high')] },
  });
  test('a message is answered at once, in a report that names its number', () => {
    expect(reports[1]).toMatchObject({ events: ['steered'], directives: [{ number: 1, status: 'open' }] });
  });

  const second = reports.find(({ events }) => events.includes('iteration'));
  if (second === undefined) throw new Error('there is no report of an iteration');

  test('says what was applied where, what was spent, and what is best', () => {
    const text = reportText(second);
    for (const there of [
      'Report 4: there is a better version (iteration 2 of 3, working)',
      '#1: Use *metric* units. [applied by writer (step 2), editor (step 3)]',
      '#2 for editor: cut it [applied by editor (step 3)]',
      'Best version: v3 by editor',
      'Spent: 3 sats of 1000 sats',
      'step 3, editor: v3, with #1 #2. quality 3',
    ]) {
      expect(text).toContain(there);
    }
  });

  test('Markdown of ours holds no markup of others', () => {
    expect(reportMarkdown(second)).toContain('Use \\*metric\\* units.');
    const hostile: TeamReport = { ...second, words: '![x](https://evil.example/p) <img src=x>\n# Pay' };
    const markdown = reportMarkdown(hostile);
    expect(markdown).not.toMatch(/(?<!\\)\[x|(?<!\\)<img|^# Pay/m);
  });

  test('low detail names no steps; a focus leaves out the others', () => {
    expect(reportText({ ...second, detail: 'low' })).not.toContain('step 3, editor: v3');
    const focused = reportText({ ...second, focus: 'Writer' });
    expect(focused).toContain('step 2, writer');
    expect(focused).not.toContain('step 1, researcher');
    expect(focused).toContain('and 2 more');
  });

  test('quoted or not, a report that comes back orders nothing', () => {
    const text = reportText(second);
    expect(readFeedback(`Fine.\n\nOn 3 May a@b.c wrote:\n${text.replace(/^/gm, '> ')}`)).toEqual({
      commands: [],
      feedback: ['Fine.'],
    });
  });

  test('a question says what holds without an answer', () => {
    const script: Script = (effect, quality) =>
      effect.number === 1 && effect.attempt === 1
        ? { type: 'asked', question: 'Which year?', assumption: '2026', usage: USED }
        : improving(effect, quality);
    const { effects } = play({ script, until: (run) => run.questionCount === 1 });
    const last = effects.at(-1);
    if (last?.type !== 'report') throw new Error('nothing was reported');
    expect(last.report.state).toBe('asking');
    expect(reportText(last.report)).toMatch(/1: Which year\? Without an answer by 20\S+: 2026/);
    expect(headline(last.report)).toContain('there is a question for you');
  });

  test('an ended run asks for no answer', () => {
    const last = reports.at(-1);
    expect(last?.ended).toBe('iterations');
    expect(last === undefined ? '' : reportText(last)).not.toContain('FEEDBACK:');
  });
});
