/** Requests to a described operation: right ones, nearly right ones, and nonsense. */
import fc from 'fast-check';
import type { Described, DescribedOperation, Description, Parameter } from './description.ts';
import { anyJson, type Components, fitting, HOSTILE_STRINGS, type Schema } from './schema-values.ts';

/** Who asks. `stranger` and `operator` sign (NIP-98); `token` brings a Bearer token that nobody gave out. */
export type Asker = 'nobody' | 'stranger' | 'operator' | 'token' | 'garbage';

export interface Ask {
  readonly asker: Asker;
  /** With its query, in the spelling that is sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Whether body or query do not fit their schemas, so that no answer may be a success. */
  readonly wrong: boolean;
}

/** Values that answers have shown, by the name they stood under: what gets a request past the first lookup. */
export class Pool {
  readonly #seen = new Map<string, Set<string>>();

  /** Takes in every short string and number of an answer, and those in the paths of its URLs. */
  add(value: unknown, name = ''): void {
    if (Array.isArray(value)) for (const one of value) this.add(one, name);
    else if (typeof value === 'object' && value !== null)
      for (const [key, one] of Object.entries(value)) this.add(one, key);
    else if ((typeof value === 'string' && value.length <= 200) || typeof value === 'number') {
      const seen = this.#seen.get(name) ?? new Set();
      this.#seen.set(name, seen.size < 20 ? seen.add(String(value)) : seen);
    }
  }

  /** What stood under that name, then anything else that was seen. */
  of(name: string): readonly string[] {
    const own = [...(this.#seen.get(name) ?? [])];
    return own.length > 0
      ? own
      : [...this.#seen.values()].flatMap((seen) => [...seen].slice(0, 2)).slice(0, 40);
  }
}

/** Segments that are no valid percent-encoding, or decode to nothing one would want. */
const RAW_SEGMENTS = ['%', '%zz', '%00', '%c0%80', '%ff', '%2F', '%0d%0a'];

export function asksOf(
  operation: DescribedOperation,
  { components, fits }: Description,
  pool: Pool,
): fc.Arbitrary<Ask> {
  const parameters = (place: Parameter['in']) => operation.parameters.filter((one) => one.in === place);
  const path = fc.tuple(
    ...parameters('path').map(({ name, schema }) => segments(name, schema, components, pool)),
  );
  const query = fc.tuple(...parameters('query').map((one) => queryValues(one, components, pool)));
  const header = fc.tuple(...parameters('header').map(({ name }) => headerValues(name)));
  return fc
    .record({ asker: askers(operation), path, query, header, body: bodies(operation, components) })
    .map(({ asker, path: parts, query: pairs, header: more, body }) => {
      const given = pairs.filter((pair) => pair !== null);
      const search = new URLSearchParams(given.map(({ name, value }): [string, string] => [name, value]));
      let next = 0;
      const filled = operation.path.replace(/\{\w+\}/g, () => parts[next++] ?? '');
      return {
        asker,
        target: `${filled}${search.size === 0 ? '' : `?${search}`}`,
        headers: {
          ...body.headers,
          ...Object.fromEntries(more.flatMap((pair) => (pair === null ? [] : [pair]))),
        },
        body: body.text,
        wrong: isWrong(body.text, operation, fits) || given.some(({ value, schema }) => !fits(value, schema)),
      };
    });
}

function segments(name: string, schema: Schema, components: Components, pool: Pool): fc.Arbitrary<string> {
  const text = (values: fc.Arbitrary<unknown>) =>
    // An empty segment is another path.
    values
      .map((value) => encodeURIComponent(String(value).toWellFormed()) || '_')
      .filter((one) => !/^\.\.?$/.test(one));
  const known = pool.of(name);
  return fc.oneof(
    ...(known.length === 0 ? [] : [{ weight: 6, arbitrary: text(fc.constantFrom(...known)) }]),
    { weight: 2, arbitrary: text(fitting(schema, components)) },
    { weight: 2, arbitrary: text(fc.constantFrom(...HOSTILE_STRINGS)) },
    { weight: 1, arbitrary: fc.constantFrom(...RAW_SEGMENTS) },
  );
}

function queryValues({ name, required, schema }: Parameter, components: Components, pool: Pool) {
  const known = pool.of(name);
  const value = fc
    .oneof(
      { weight: 4, arbitrary: fitting(schema, components).map(String) },
      { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_STRINGS) },
      ...(known.length === 0 ? [] : [{ weight: 2, arbitrary: fc.constantFrom(...known) }]),
    )
    .map((text) => ({ name, value: text.toWellFormed(), schema }));
  return fc.option(value, { freq: required ? 8 : 1, nil: null });
}

function headerValues(name: string): fc.Arbitrary<[string, string] | null> {
  const value = fc.oneof(
    fc.constantFrom('*', '"x"', '0', '1', '-1', '99999999999999999999', 'text/html'),
    fc.string(),
  );
  // What no client can send is nothing that a server has to bear.
  const sendable = value.filter((text) => /^[\x20-\x7e]*$/.test(text));
  return fc.option(
    sendable.map((text): [string, string] => [name, text]),
    { freq: 2, nil: null },
  );
}

function askers({ security }: Described): fc.Arbitrary<Asker> {
  if (security.length === 0)
    return fc.constantFrom('nobody', 'nobody', 'nobody', 'stranger', 'token', 'garbage');
  return fc.constantFrom('stranger', 'stranger', 'stranger', 'operator', 'nobody', 'token', 'garbage');
}

interface SentBody {
  readonly text: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

function bodies(operation: Described & { method: string }, components: Components): fc.Arbitrary<SentBody> {
  const none = fc.constant<SentBody>({ text: undefined, headers: {} });
  // Clients cannot send one with these.
  if (operation.method === 'GET' || operation.method === 'HEAD') return none;
  const junk = fc.oneof(
    anyJson.map((value) => JSON.stringify(value)),
    fc.constantFrom('', '{', '{"a":}', '[]]', 'null', '\u0000', `${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    fc.string(),
  );
  const [type, { schema } = { schema: {} }] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const headers = type === undefined ? JSON_HEADERS : { 'content-type': type };
  const sent = (texts: fc.Arbitrary<string>) =>
    fc
      .tuple(texts, fc.constantFrom(headers, headers, headers, {}, { 'content-type': 'text/plain' }))
      .map(([text, given]): SentBody => ({ text, headers: given }));
  if (operation.requestBody === undefined)
    return fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: sent(junk) });
  const right = fitting(schema, components);
  return fc.oneof(
    { weight: 5, arbitrary: right.map((value) => ({ text: JSON.stringify(value), headers })) },
    { weight: 4, arbitrary: sent(spoiled(right).map((value) => JSON.stringify(value) ?? '')) },
    { weight: 2, arbitrary: sent(junk) },
    { weight: 1, arbitrary: none },
  );
}

/** A value with one member taken away, added or replaced. */
function spoiled(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(values, fc.constantFrom('drop', 'add', 'replace'), fc.nat(), anyJson)
    .map(([value, how, at, other]) => {
      if (typeof value !== 'object' || value === null) return other;
      const members = Object.entries(value);
      const index = at % Math.max(members.length, 1);
      if (how === 'add' || members.length === 0) return { ...value, unheard_of: other };
      return Object.fromEntries(
        members.flatMap(([name, one], place) => {
          if (place !== index) return [[name, one]];
          return how === 'drop' ? [] : [[name, other]];
        }),
      );
    });
}

function isWrong(text: string | undefined, { requestBody }: Described, fits: Description['fits']): boolean {
  const schema = requestBody?.content['application/json']?.schema;
  // Nothing at all may stand for an empty object.
  if (schema === undefined || text === undefined || text === '') return false;
  try {
    return !fits(JSON.parse(text), schema);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}
