/**
 * A scripted model behind a team: which role asks is told by the system text, so each can have its own words. What it
 * was asked is kept, by role. An endpoint like any other, on loopback.
 */
import { type AskedModel, type ModelServer, modelServer, type Script } from './model-server.ts';
import { finalAnswer, messagesOf } from './tool-script.ts';

/** How the prompt of each built-in role begins (src/agent/team/roles.ts). */
const OPENINGS: Readonly<Record<string, string>> = {
  researcher: 'You find out what the task needs',
  writer: 'You produce the work the task asks for',
  critic: 'You read a draft as its most demanding reader',
  editor: 'You make the draft true',
  factChecker: 'You check claims against sources',
  manager: 'You get the task done by others',
  programmer: 'You write the program the task asks for',
  qa: 'You compare the newest version',
  ranker: 'You are shown a task and two versions',
};

/** What was asked on behalf of a role. */
export interface RoleQuestion {
  readonly role: string;
  /** The first message of the user: directives, task and material. */
  readonly prompt: string;
  /** How many questions of that role came before. */
  readonly before: number;
  readonly asked: AskedModel;
}

export interface TeamModel {
  readonly server: ModelServer;
  /** Every question so far, in order. */
  readonly questions: readonly RoleQuestion[];
  of(role: string): readonly RoleQuestion[];
  /** What a role says from now on. */
  says(role: string, choose: (question: RoleQuestion) => Script): void;
  close(): Promise<void>;
}

/** Starts it. Until it is told otherwise, every role hands in something at once and the newer version is the better. */
export async function teamModel(): Promise<TeamModel> {
  const server = await modelServer();
  const questions: RoleQuestion[] = [];
  const chosen = new Map<string, (question: RoleQuestion) => Script>();
  server.scriptBy((asked) => {
    const messages = messagesOf(asked);
    const system = messages.find(({ role }) => role === 'system')?.content ?? '';
    const role = Object.keys(OPENINGS).find((name) => system.includes(OPENINGS[name] ?? '?')) ?? 'nobody';
    const prompt = messages.find((message) => message.role === 'user')?.content ?? '';
    const before = questions.filter((question) => question.role === role).length;
    const question = { role, prompt, before, asked };
    questions.push(question);
    return (chosen.get(role) ?? usual)(question);
  });
  return {
    server,
    questions,
    of: (role) => questions.filter((question) => question.role === role),
    says: (role, choose) => chosen.set(role, choose),
    close: () => server.close(),
  };
}

function usual({ role, before, prompt }: RoleQuestion): Script {
  if (role === 'ranker') return finalAnswer(`${newerOf(prompt)}\nit is the newer one`);
  return finalAnswer(`${role} work ${before + 1}`);
}

/** Drafts carry rising numbers. */
export function newerOf(prompt: string): 'FIRST' | 'SECOND' | 'EQUAL' {
  const [, first = '', second = ''] = prompt.split(/from the (?:first|second) version\n/);
  const numberIn = (text: string) => Number(/work (\d+)/.exec(text)?.[1] ?? 0);
  const difference = numberIn(first) - numberIn(second);
  return difference > 0 ? 'FIRST' : difference < 0 ? 'SECOND' : 'EQUAL';
}
