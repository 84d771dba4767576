/** An agent asks the user. The run rests until there is an answer, or goes on with a stated assumption. */
import { TEAM_MAX_MESSAGE_CHARS } from '../../limits.ts';
import type { Question } from './records.ts';
import { announce, change, record, type Turn, toReporter } from './turn.ts';
import type { Result, Task, TeamRun } from './types.ts';

/** Takes the question down and has the step done again with its answer. */
export function ask(turn: Turn, task: Task, role: string, asked: Extract<Result, { type: 'asked' }>): void {
  const { most, patience_ms } = turn.run.team.questions;
  const number = turn.run.questionCount + 1;
  const question: Question = {
    number,
    step: task.number,
    role,
    text: asked.question.slice(0, TEAM_MAX_MESSAGE_CHARS).toWellFormed(),
    assumption: asked.assumption.slice(0, TEAM_MAX_MESSAGE_CHARS).toWellFormed(),
    until_ms: patience_ms === null ? null : turn.now_ms + patience_ms,
    answer: null,
  };
  const { text, assumption } = question;
  record(turn, { type: 'question', number, step: task.number, text, assumption });
  const { attempt, failures, questions, work } = task;
  change(turn, {
    questionCount: number,
    questions: [...turn.run.questions, question],
    todo: [
      ...turn.run.todo,
      { number: task.number, attempt: attempt + 1, failures, questions: [...questions, number], work },
    ],
  });
  if (number > most) {
    answer(turn, number, assumption, 'assumption');
    return;
  }
  turn.effects.push({ type: 'ask', key: `ask/${number}`, question });
  announce(turn, 'question');
}

export function openQuestions(run: TeamRun): readonly Question[] {
  return run.questions.filter((question) => question.answer === null);
}

export function answer(turn: Turn, number: number, text: string, by: 'user' | 'assumption'): void {
  record(turn, { type: 'answer', question: number, text, by });
  if (by === 'assumption') {
    toReporter(turn, { orders: [...turn.run.reporter.orders, `question ${number}: assumed "${text}"`] });
  }
  change(turn, {
    questions: turn.run.questions.map((one) =>
      one.number === number ? { ...one, answer: { text, by } } : one,
    ),
  });
}

/** What nobody answered in time is settled by its assumption. */
export function assume(turn: Turn): void {
  for (const { number, assumption, until_ms } of openQuestions(turn.run)) {
    if (until_ms !== null && until_ms <= turn.now_ms) answer(turn, number, assumption, 'assumption');
  }
}

/** Without those that were answered and that nobody needs any more. */
export function neededQuestions(run: TeamRun): readonly Question[] {
  const needed = new Set([...run.todo, ...run.wave].flatMap((todo) => todo.questions));
  return run.questions.filter((question) => question.answer === null || needed.has(question.number));
}
