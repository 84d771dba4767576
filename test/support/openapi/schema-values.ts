/** Values by a JSON Schema, as fast-check makes and shrinks them. Whether one really fits is for a validator to say. */
import fc from 'fast-check';
import * as z from 'zod';

const schemaShape = z.record(z.string(), z.json());
/** A JSON Schema (2020-12) as it stands in a description. */
export type Schema = z.infer<typeof schemaShape>;
export type Components = Readonly<Record<string, Schema>>;

/** Deeper than this only the simplest value of a schema is made. */
const MAX_DEPTH = 5;
const MAX_ITEMS = 3;
/** Longer strings than this are not made to fit a `minLength`. */
const MAX_CHARS = 200;

/** Strings that programs trip over: ends of ranges, other scripts, half pairs, what other languages read as code. */
export const HOSTILE_STRINGS = [
  '',
  ' ',
  '0',
  '-1',
  '1e309',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '%2e%2e%2f',
  '%',
  "' OR '1'='1",
  '<script>alert(1)</script>',
  '{"$ref":"#"}',
  '\u0000',
  '\uD800',
  '\u202E\u200F',
  'ſ',
  '💥'.repeat(20),
  'a'.repeat(2_000),
] as const;

/** Any JSON at all. */
export const anyJson: fc.Arbitrary<z.infer<ReturnType<typeof z.json>>> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((value) => z.json().parse(JSON.parse(JSON.stringify(value)))),
  fc.constantFrom(...HOSTILE_STRINGS),
  fc.constantFrom(0, -1, 1.5, 2 ** 53, -(2 ** 31), 1e300),
);

/** Values that mean to fit a schema. */
export function fitting(schema: Schema, components: Components, depth = 0): fc.Arbitrary<unknown> {
  const into = (one: unknown) => fitting(schemaShape.parse(one), components, depth + 1);
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/components/schemas/', '');
    return depth > MAX_DEPTH ? fc.constant(null) : into(components[name] ?? {});
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices) && choices.length > 0) return fc.oneof(...choices.map(into));
  if (Array.isArray(schema.allOf)) {
    return fc
      .tuple(...schema.allOf.map(into))
      .map((parts) => Object.assign({}, ...parts.filter((part) => typeof part === 'object')));
  }
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type) => fitting({ ...schema, type }, components, depth)));
  switch (schema.type) {
    case 'string':
      return strings(schema);
    case 'integer':
      return integers(schema);
    case 'number':
      return fc.oneof(
        integers(schema),
        fc.double({ noNaN: true, noDefaultInfinity: true, ...range(schema) }),
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(into(schema.items ?? {}), {
        minLength: numberOf(schema.minItems) ?? 0,
        maxLength: Math.min(
          numberOf(schema.maxItems) ?? MAX_ITEMS,
          MAX_ITEMS + (numberOf(schema.minItems) ?? 0),
        ),
      });
    case 'object':
      return objects(schema, into, depth);
    default:
      return anyJson;
  }
}

function objects(schema: Schema, into: (one: unknown) => fc.Arbitrary<unknown>, depth: number) {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const properties = Object.entries(schemaShape.catch({}).parse(schema.properties));
  const kept = depth > MAX_DEPTH ? properties.filter(([name]) => required.has(name)) : properties;
  const fields = Object.fromEntries(kept.map(([name, one]) => [name, into(one)]));
  const named = fc.record(fields, { requiredKeys: Object.keys(fields).filter((name) => required.has(name)) });
  const { additionalProperties: more } = schema;
  if (typeof more !== 'object' || more === null || depth > MAX_DEPTH) return named;
  return fc
    .tuple(
      named,
      fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), into(more), { maxKeys: MAX_ITEMS }),
    )
    .map(([own, others]) => ({ ...others, ...own }));
}

function strings(schema: Schema): fc.Arbitrary<string> {
  const minLength = numberOf(schema.minLength) ?? 0;
  const maxLength = Math.max(minLength, Math.min(numberOf(schema.maxLength) ?? MAX_CHARS, MAX_CHARS));
  if (typeof schema.pattern === 'string')
    return fc.stringMatching(new RegExp(schema.pattern)).map((text) => text.slice(0, maxLength));
  if (schema.format === 'uri') return fc.webUrl();
  if (schema.format === 'email') return fc.emailAddress();
  if (schema.format === 'date-time')
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  return fc.oneof(
    fc.string({ minLength, maxLength }),
    fc
      .constantFrom(...HOSTILE_STRINGS)
      .filter((text) => text.length >= minLength && text.length <= maxLength),
  );
}

function integers(schema: Schema): fc.Arbitrary<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range(schema);
  const [low, high] = [Math.ceil(min), Math.floor(max)];
  return fc.oneof(fc.integer({ min: low, max: high }), fc.constantFrom(low, high));
}

function range(schema: Schema): { min?: number; max?: number } {
  const above = numberOf(schema.exclusiveMinimum);
  const below = numberOf(schema.exclusiveMaximum);
  const min = numberOf(schema.minimum) ?? (above === undefined ? undefined : above + 1);
  const max = numberOf(schema.maximum) ?? (below === undefined ? undefined : below - 1);
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
