/**
 * What runs inside QuickJS before the guest does. It takes away what would differ from run to run, and returns the one
 * function that reads arguments, calls, and writes the value. The host alone holds that function: nothing on the global
 * object leads to it. What a guest rewrites (`Array.prototype`, `JSON`) can spoil its own value only.
 */
import { SANDBOX_MAX_VALUE_DEPTH, VALUE_MAX_CHARS } from '../../limits.ts';

/** Evaluates to `(f, argumentsText, makeArguments, calls) => [kind, text]`. */
export const JAVASCRIPT_HARNESS = `(() => {
'use strict';
let seed = 123456789;
const imul = Math.imul;
Object.defineProperty(Math, 'random', {
  value: () => (seed = (imul(1103515245, seed) + 12345) >>> 1) / 2147483648,
  writable: true, configurable: true,
});
for (const name of ['Date', 'performance', 'WeakRef', 'FinalizationRegistry', 'SharedArrayBuffer', 'Atomics'])
  delete globalThis[name];
const { parse, stringify } = JSON;
const { isArray } = Array;
const { getPrototypeOf, keys, is } = Object;
const objectPrototype = Object.prototype;
const asText = String, asNumber = Number, asBigInt = BigInt;
const TooMuch = class {};
const NotData = class {
  constructor(text) { this.text = text; }
};
const numberText = (value) =>
  value !== value ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : is(value, -0) ? '-0' : asText(value);
const write = (root) => {
  let size = 0;
  const spend = (text) => {
    size += text.length;
    if (size > ${VALUE_MAX_CHARS}) throw new TooMuch();
    return text;
  };
  const go = (value, depth) => {
    if (depth > ${SANDBOX_MAX_VALUE_DEPTH}) throw new NotData('nested deeper than ${SANDBOX_MAX_VALUE_DEPTH}');
    switch (typeof value) {
      case 'boolean': return spend(value ? 'true' : 'false');
      case 'string':
        if (value.length > ${VALUE_MAX_CHARS}) throw new TooMuch();
        return spend(stringify(value));
      case 'number': return spend('{"f":"' + numberText(value) + '"}');
      case 'bigint': return spend('{"i":"' + asText(value) + '"}');
      case 'object': break;
      default: throw new NotData(typeof value);
    }
    if (value === null) return spend('null');
    let out = '';
    if (isArray(value)) {
      for (let i = 0; i < value.length; i++) out += (i > 0 ? ',' : '') + go(value[i], depth + 1);
      return spend('[') + out + ']';
    }
    const prototype = getPrototypeOf(value);
    if (prototype !== objectPrototype && prototype !== null) throw new NotData('an object of a class');
    const names = keys(value);
    for (let i = 0; i < names.length; i++)
      out += (i > 0 ? ',' : '') + '[' + spend(stringify(names[i])) + ',' + go(value[names[i]], depth + 1) + ']';
    return spend('{"d":[') + out + ']}';
  };
  return go(root, 0);
};
const read = (json) => {
  if (typeof json !== 'object' || json === null) return json;
  if (isArray(json)) return json.map(read);
  if ('f' in json) {
    const text = json.f;
    return text === 'nan' ? NaN : text === 'inf' ? Infinity : text === '-inf' ? -Infinity : asNumber(text);
  }
  if ('i' in json) return asBigInt(json.i);
  if ('t' in json) return json.t.map(read);
  if ('d' in json) return Object.fromEntries(json.d.map(([key, value]) => [read(key), read(value)]));
  throw new TypeError('JavaScript has no such value');
};
return (f, text, make, calls) => {
  try {
    let first;
    for (let i = 0; i < calls; i++) {
      const given = make === undefined ? parse(text).map(read) : make();
      const found = write(f(...given));
      if (i > 0 && found !== first) return 'unstable\\n';
      first = found;
    }
    return 'value\\n' + first;
  } catch (error) {
    if (error instanceof TooMuch) return 'output\\n';
    if (error instanceof NotData) return 'not-data\\n' + error.text;
    throw error;
  }
};
})()`;
