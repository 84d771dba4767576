/**
 * Goal: whoever writes to a run is told what the words do, and what keeps them from doing it. Method: the answer to
 * messages that the machine takes. Does not prove: that the answer reaches the client (test/e2e/team.test.ts).
 */
import { expect, test } from 'vitest';
import { answerTo } from '../../../src/agent/team/desk/answer.ts';
import { advanceTeam } from '../../../src/agent/team/machine.ts';
import type { TeamRun } from '../../../src/agent/team/types.ts';
import { TEAM_MAX_MESSAGE_CHARS } from '../../../src/limits.ts';
import { failed, improving, message, play } from './world.ts';

/** Says things one after another; the answers, and the run as it is then. */
function talk(from: TeamRun, now_ms: number, ...words: string[]): { answers: string[]; run: TeamRun } {
  let run = from;
  const answers = words.map((text, at) => {
    const next = advanceTeam(run, message(`m${at}`, text, now_ms), now_ms).run;
    const answer = answerTo(run, next);
    run = next;
    return answer;
  });
  return { answers, run };
}

test('a paused run says with every answer that it is paused', () => {
  const { run, now_ms } = play({ until: (one) => one.versions.length > 0 });
  const { answers } = talk(run, now_ms, 'Stop!', 'Shorter.', 'continue', 'Longer.');
  expect(answers).toEqual([
    'The run is paused. Write resume to go on, finish or cancel to end it.',
    'Directive #1: it stands in every prompt from the next step on.\nThe run is still paused. Write resume to go on.',
    'The run goes on.',
    'Directive #2: it stands in every prompt from the next step on.',
  ]);
});

test('a blocked run says what is in the way, and that it tries again', () => {
  const { run, now_ms } = play({
    script: (effect, quality) => (effect.number === 2 ? failed(false) : improving(effect, quality)),
    until: (one) => one.blocked !== null,
  });
  const { answers } = talk(run, now_ms, 'Try harder.', 'resume');
  expect(answers[0]).toContain(`The run is blocked: ${run.blocked?.message}. Write resume to try again`);
  expect(answers[1]).toBe('The run tries again.');
});

test('words that are too long say that they were cut', () => {
  const { run, now_ms } = play({ until: (one) => one.versions.length > 0 });
  const { answers } = talk(run, now_ms, 'x'.repeat(TEAM_MAX_MESSAGE_CHARS + 1));
  expect(answers[0]).toContain(`It was cut after ${TEAM_MAX_MESSAGE_CHARS} characters.`);
});
