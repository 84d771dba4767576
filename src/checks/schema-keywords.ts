/**
 * Which JSON Schemas of strangers are applied. The validator runs outside of any sandbox, so a schema may hold nothing
 * whose work grows faster than schema times answer: no regular expressions, no references, no comparing of all elements
 * with all others. What is left is a tree.
 */
import type { Json } from '../errors.ts';
import { CHECK_MAX_SCHEMA_DEPTH, CHECK_MAX_VALUE_CHARS } from '../limits.ts';

const PLAIN: ReadonlySet<string> = new Set([
  ...[
    '$schema',
    '$comment',
    'title',
    'description',
    'default',
    'examples',
    'deprecated',
    'readOnly',
    'writeOnly',
  ],
  ...['type', 'enum', 'const', 'required', 'dependentRequired', 'minContains', 'maxContains'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
]);
const ONE: ReadonlySet<string> = new Set([
  ...['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'],
]);
const LIST: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const MAP: ReadonlySet<string> = new Set(['properties', 'dependentSchemas']);

export interface SchemaProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The first thing in it that is not applied, or null. */
export function schemaProblem(schema: Json): SchemaProblem | null {
  if (JSON.stringify(schema).length > CHECK_MAX_VALUE_CHARS) {
    return { path: [], message: `has more than ${CHECK_MAX_VALUE_CHARS} characters` };
  }
  return problemOf(schema, [], CHECK_MAX_SCHEMA_DEPTH);
}

function problemOf(schema: Json, path: readonly PropertyKey[], depth: number): SchemaProblem | null {
  if (typeof schema === 'boolean') return null;
  if (depth === 0) return { path, message: `nests deeper than ${CHECK_MAX_SCHEMA_DEPTH} levels` };
  if (!isObject(schema)) return { path, message: 'is no schema' };
  for (const [keyword, value] of Object.entries(schema)) {
    const at = [...path, keyword];
    const inner = childrenOf(keyword, value);
    if (inner === null) return { path: at, message: 'is no keyword that is applied here' };
    if (inner === 'malformed') return { path: at, message: 'does not hold schemas' };
    for (const [step, child] of inner) {
      const problem = problemOf(child, [...at, ...step], depth - 1);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/** The schemas a keyword holds, with their steps; null for a keyword that is not known. */
function childrenOf(
  keyword: string,
  value: Json,
): readonly (readonly [step: readonly PropertyKey[], child: Json])[] | 'malformed' | null {
  if (PLAIN.has(keyword)) return [];
  if (ONE.has(keyword)) return [[[], value]];
  if (LIST.has(keyword)) return isList(value) ? value.map((child, i) => [[i], child]) : 'malformed';
  if (!MAP.has(keyword)) return null;
  return isObject(value) ? Object.entries(value).map(([name, child]) => [[name], child]) : 'malformed';
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
