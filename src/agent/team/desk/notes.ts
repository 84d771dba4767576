/** Directives that came while a step was under way, told to it as notes before its next model step. */
import type { Note } from '../../loop/ports.ts';
import { inForce } from '../feedback/directives.ts';
import { roleOf } from '../parts.ts';
import type { Task, TeamRun } from '../types.ts';

const NOTE = /^directive-(\d+)$/;

/** Those that stand in force now and did not in the step's prompt. Judges and checks are not told in between. */
export function notesFor(run: TeamRun, { work, directives }: Task): readonly Note[] {
  if (work.type !== 'step') return [];
  return inForce(run.directives, roleOf(run, work))
    .filter(({ number }) => !directives.includes(number))
    .map(({ number, text }) => ({
      id: `directive-${number}`,
      from: 'the client',
      text: `New directive #${number} of the client, in force from now on: ${text}`,
    }));
}

/** The numbers of directives among the notes a journal has taken. */
export function notedDirectives(noteIds: readonly string[]): readonly number[] {
  return noteIds.flatMap((id) => {
    const found = NOTE.exec(id);
    return found === null ? [] : [Number(found[1])];
  });
}
