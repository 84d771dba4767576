/** From a team as somebody wrote it to one whose every role is known and can do its part. */
import { reopened } from '../../checks/contract.ts';
import { JobError } from '../../errors.ts';
import { type Role, type TeamConfig, teamSchema } from './config.ts';
import { BUILT_IN_ROLES } from './roles.ts';

/** @throws JobError INVALID_PARAMETER with the path of what is wrong; BAD_REQUEST for a check that is none */
export function parseTeam(input: unknown): TeamConfig {
  const parsed = teamSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw wrong(['team', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'is no team');
  }
  const { roles: own, order, ...rest } = parsed.data;
  const known: Readonly<Record<string, Role>> = {
    ...BUILT_IN_ROLES,
    ...Object.fromEntries(own.map((role) => [role.name, role])),
  };
  const stages = order.map((stage) =>
    typeof stage === 'string'
      ? [[stage]]
      : stage.parallel.map((branch) => (typeof branch === 'string' ? [branch] : branch)),
  );
  const working = stages.flat(2);
  const roles = collect([...working, ...(rest.judge === null ? [] : [rest.judge.role])], known);
  for (const name of working) {
    if (roles[name]?.makes === 'judgement') throw wrong('team.order', `${name} judges and drafts nothing`);
  }
  if (rest.judge !== null && roles[rest.judge.role]?.makes !== 'judgement') {
    throw wrong('team.judge.role', `${rest.judge.role} does not judge`);
  }
  if (!working.some((name) => roles[name]?.makes === 'draft')) {
    throw wrong('team.order', 'nobody in it makes a draft');
  }
  // What is wrong with it is told now, and not by the first version.
  if (rest.check !== null) reopened(rest.check.spec, rest.check.hidden);
  return { ...rest, roles, order: stages };
}

/** The named roles and, in turn, their helpers. */
function collect(
  names: readonly string[],
  known: Readonly<Record<string, Role>>,
): Readonly<Record<string, Role>> {
  const found = new Map<string, Role>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const role = Object.hasOwn(known, name) ? known[name] : undefined;
    if (role === undefined) throw wrong('team.roles', `there is no role ${name}`);
    found.set(name, role);
    open.push(...role.helpers);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function wrong(path: string, message: string): JobError {
  return new JobError('INVALID_PARAMETER', `${path}: ${message}`, { path });
}
