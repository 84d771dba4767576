/** What the native CPython of this machine makes of tasks: each in a process of its own, as AZR's own executor does it. */
import { execFileSync } from 'node:child_process';
import * as z from 'zod';

export interface Case {
  readonly code: string;
  readonly input: string;
  readonly output: string;
}

const truth = z.object({ eq: z.boolean(), err: z.string().nullable(), repr: z.string().nullable() });
/** Does `f(input)` equal the published output? */
export type Truth = z.output<typeof truth>;

/** Ten seconds a task, after which it counts as failed. */
const PROGRAM = `
import json, os, signal, sys
def judge(case):
    g = {'__name__': '__main__'}
    try:
        exec(case['code'], g)
        found = eval('f(' + case['input'] + ')', g)
        text = repr(found)
        return {'eq': bool(eval(case['output'], g) == found), 'err': None, 'repr': text[:200]}
    except BaseException as e:
        return {'eq': False, 'err': type(e).__name__ + ': ' + str(e)[:100], 'repr': None}
for line in sys.stdin:
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        null = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        signal.alarm(10)
        os.write(w, json.dumps(judge(json.loads(line))).encode())
        os._exit(0)
    os.close(w)
    said = b''
    while piece := os.read(r, 65536): said += piece
    os.close(r)
    os.waitpid(pid, 0)
    print(said.decode() or '{"eq": false, "err": "died", "repr": null}', flush=True)
`;

/** One for each case. Hashes of strings are seeded anew by every call of this. */
export function truths(cases: readonly Case[]): readonly Truth[] {
  const lines = execFileSync('python3', ['-I', '-c', PROGRAM], {
    input: cases.map((one) => `${JSON.stringify(one)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return lines
    .trim()
    .split('\n')
    .map((line) => truth.parse(JSON.parse(line)));
}
