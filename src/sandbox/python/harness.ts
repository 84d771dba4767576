/**
 * What runs inside CPython around the guest. It is imported before the snapshot is made and keeps hold of the builtins it
 * needs. A guest can still find it by walking frames; what it can do to it is spoil its own value.
 */
import { SANDBOX_MAX_MESSAGE_CHARS, SANDBOX_MAX_VALUE_DEPTH, VALUE_MAX_CHARS } from '../../limits.ts';
import { RESULT_FD } from './imports.ts';

/** What a program that is checked may import; all of it lies in the snapshot, with what it imports itself. */
export const PYTHON_MODULES = [
  ...['abc', 'array', 'ast', 'base64', 'binascii', 'bisect', 'calendar', 'cmath', 'collections', 'colorsys'],
  ...[
    'contextlib',
    'copy',
    'csv',
    'dataclasses',
    'datetime',
    'decimal',
    'difflib',
    'enum',
    'fractions',
    'functools',
  ],
  ...[
    'hashlib',
    'heapq',
    'html',
    'io',
    'itertools',
    'json',
    'keyword',
    'locale',
    'math',
    'numbers',
    'operator',
  ],
  ...[
    'pprint',
    'queue',
    'random',
    're',
    'secrets',
    'statistics',
    'string',
    'struct',
    'textwrap',
    'time',
    'traceback',
  ],
  ...['types', 'typing', 'unicodedata', 'uuid', 'zlib', 'graphlib', 'ipaddress', '__future__'],
] as const;

/** In the snapshot too, for programs that are not checked. */
const ALSO = [
  'collections.abc',
  'sys',
  'os',
  'gc',
  'inspect',
  'warnings',
  'logging',
  'weakref',
  'timeit',
  'shlex',
];

/** Of these modules a checked program may have what is named here, and nothing else, not even the module as a value. */
export const PYTHON_PARTS = {
  os: ['path', 'sep', 'linesep'],
  sys: [
    ...[
      'byteorder',
      'float_info',
      'getrecursionlimit',
      'getsizeof',
      'hash_info',
      'int_info',
      'intern',
      'maxsize',
    ],
    ...['maxunicode', 'setrecursionlimit', 'stdout', 'version', 'version_info'],
  ],
} as const;

/** Leaves `__parse(request)`, `__run()` and `__end()` in the main module. */
export const PYTHON_HARNESS = `
import ${[...PYTHON_MODULES.filter((name) => name !== '__future__'), ...ALSO].join(', ')}
# Since 3.12, sums of floats carry a correction, so that their last digits are not those of older versions, with which
# published tasks were made.
def __sum():
    from functools import reduce
    from operator import add
    def sum(iterable, /, start=0):
        if isinstance(start, (str, bytes, bytearray)):
            kind, better = ('strings', "''") if isinstance(start, str) else (type(start).__name__, "b''")
            raise TypeError("sum() can't sum " + kind + ' [use ' + better + '.join(seq) instead]')
        return reduce(add, iterable, start)
    return sum
import builtins
builtins.sum = __sum()
del __sum, builtins
def __make():
    import ast, gc
    from os import write
    from sys import stdout, _getframe
    import builtins
    from json import loads, dumps
    from collections import Counter, OrderedDict, defaultdict, deque
    from builtins import (BaseException, Exception, MemoryError, RecursionError, SyntaxError, ValueError, bool, bytes,
        complex, compile, dict, eval, exec, float, frozenset, int, isinstance, len, list, repr, set, str, tuple, type)
    classes = {Counter: 'Counter', OrderedDict: 'OrderedDict', defaultdict: 'defaultdict'}
    ellipsis = type(...)
    modules = frozenset(${JSON.stringify(PYTHON_MODULES)})
    names = frozenset(('__builtins__', '__import__', '__loader__', '__spec__', 'breakpoint', 'globals', 'locals', 'open',
        'vars'))
    parts = {name: frozenset(held) for name, held in ${JSON.stringify(PYTHON_PARTS)}.items()}
    attributes = frozenset(('__base__', '__bases__', '__builtins__', '__closure__', '__code__', '__dict__',
        '__func__', '__getattribute__', '__globals__', '__import__', '__loader__', '__mro__', '__reduce__',
        '__reduce_ex__', '__self__', '__spec__', '__subclasses__', '__traceback__', '__wrapped__', 'ag_frame',
        'cell_contents', 'co_code', 'cr_frame', 'f_back', 'f_builtins', 'f_globals', 'f_locals', 'gi_frame', 'gi_code',
        'tb_frame', 'tb_next', '_getframe'))

    class NotData(Exception):
        pass

    def encode(v, depth=0):
        if depth > ${SANDBOX_MAX_VALUE_DEPTH}: raise NotData('nested deeper than ${SANDBOX_MAX_VALUE_DEPTH}')
        t = type(v)
        if v is None or t is bool or t is str: return v
        if t is int:
            # 10 ** 4300 has 14,285 bits; CPython itself refuses more digits than that.
            try: return {'i': str(v if v.bit_length() <= 14285 else 10 ** 4300)}
            except ValueError: raise NotData('an integer of more than 4,300 digits') from None
        if t is float: return {'f': repr(v)}
        d = depth + 1
        if t is list: return [encode(x, d) for x in v]
        if t is dict: return {'d': [[encode(k, d), encode(x, d)] for k, x in dict.items(v)]}
        if t is tuple: return {'t': [encode(x, d) for x in v]}
        if t is set: return {'s': [encode(x, d) for x in v]}
        if t is frozenset: return {'z': [encode(x, d) for x in v]}
        if t is deque: return {'q': [encode(x, d) for x in v]}
        if t is bytes: return {'b': v.hex()}
        if t is complex: return {'c': [repr(v.real), repr(v.imag)]}
        if t is ellipsis: return {'e': 0}
        if t in classes: return {'o': [classes[t], [[encode(k, d), encode(x, d)] for k, x in dict.items(v)]]}
        raise NotData(str(t.__name__)[:60])

    def decode(j):
        t = type(j)
        if t is list: return [decode(x) for x in j]
        if t is not dict: return j
        (k, v), = j.items()
        if k == 'i': return int(v)
        if k == 'f': return float(v)
        if k == 'c': return complex(float(v[0]), float(v[1]))
        if k == 'b': return bytes.fromhex(v)
        if k == 'd': return {decode(a): decode(b) for a, b in v}
        if k == 'e': return ...
        if k == 'o':
            pairs = {decode(a): decode(b) for a, b in v[1]}
            return Counter(pairs) if v[0] == 'Counter' else OrderedDict(pairs) if v[0] == 'OrderedDict' else pairs
        return {'t': tuple, 's': set, 'z': frozenset, 'q': deque}[k](decode(x) for x in v)

    def refuse(tree):
        known = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    if name.name in parts: known[name.asname or name.name] = name.name
                    elif name.name == 'os.path': known[name.asname or 'os'] = name.name if name.asname else 'os'
                    elif name.name.split('.')[0] not in modules: return 'import of ' + name.name
            elif isinstance(node, ast.ImportFrom):
                module = node.module
                if node.level == 0 and module == 'os.path': continue
                if node.level == 0 and module in parts:
                    for name in node.names:
                        if name.name not in parts[module]: return 'import of ' + name.name + ' from ' + module
                elif node.level or module.split('.')[0] not in modules: return 'import of ' + str(module)
            elif isinstance(node, ast.Name) and node.id in names: return 'the name ' + node.id
            elif isinstance(node, ast.Attribute) and node.attr in attributes: return 'the attribute ' + node.attr
        fine = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                held = parts.get(known.get(node.value.id))
                if held is None: continue
                if node.attr not in held or not isinstance(node.ctx, ast.Load):
                    return known[node.value.id] + '.' + node.attr
                fine.add(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in known and known[node.id] in parts and node not in fine:
                return 'the module ' + known[node.id] + ' as a value'
        return None

    # A program that is checked may make code of text, which is checked as well, when it comes to that.
    def checked():
        def tree_of(source, filename, mode, flags=0, more={}):
            tree = source if isinstance(source, ast.AST) else compile(source, filename, mode, flags | ast.PyCF_ONLY_AST, True, **more)
            reason = refuse(tree)
            if reason: raise SyntaxError('refused: ' + reason)
            return tree
        def places(given, taken, mode):
            if given is None:
                frame = _getframe(2)
                given, held = frame.f_globals, frame.f_locals
                if taken is None: taken = held if held is given or mode == 'eval' else {**held}
            if type(given) is dict: given.setdefault('__builtins__', scope)
            return given, given if taken is None else taken
        def checked_compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, **more):
            tree = tree_of(source, filename, mode, flags, more)
            if flags & ast.PyCF_ONLY_AST: return tree
            return compile(tree, filename, mode, flags, True, optimize, **more)
        def checked_eval(source, /, globals=None, locals=None):
            g, l = places(globals, locals, 'eval')
            if isinstance(source, str): source = source.lstrip(' \\t')
            if isinstance(source, (str, bytes)): source = compile(tree_of(source, '<string>', 'eval'), '<string>', 'eval')
            return eval(source, g, l)
        def checked_exec(source, /, globals=None, locals=None):
            g, l = places(globals, locals, 'exec')
            if isinstance(source, (str, bytes)): source = compile(tree_of(source, '<string>', 'exec'), '<string>', 'exec')
            exec(source, g, l)
        scope = {**builtins.__dict__, 'compile': checked_compile, 'eval': checked_eval, 'exec': checked_exec}
        return scope

    def send(*parts):
        write(${RESULT_FD}, dumps(parts).encode())

    def failed(e, place):
        if isinstance(e, MemoryError): return ('memory', 'MemoryError')
        try: text = (type(e).__name__ + ': ' + str(e))[:${SANDBOX_MAX_MESSAGE_CHARS}]
        except BaseException: text = 'an exception that cannot be told'
        if isinstance(e, RecursionError): return ('stack', text)
        return ('syntax' if place == 'parse' and isinstance(e, (SyntaxError, ValueError)) else 'error', text)

    state = {}
    def parse(text):
        try:
            r = loads(text)
            tree = ast.parse(r['code'], '<program>')
            given = r['expression']
            call = None
            if given is not None:
                call = ast.parse('f(' + given + '\\n)', '<input>', 'eval')
                c = call.body
                if not (isinstance(c, ast.Call) and isinstance(c.func, ast.Name) and c.func.id == 'f'
                        and c.end_lineno == given.count('\\n') + 2 and c.func.end_col_offset == 1):
                    raise SyntaxError('the input is not the arguments of one call')
            reason = (refuse(tree) or (call and refuse(call))) if r['checked'] else None
            if reason: return send('refused', reason)
            state['request'] = r
            # Before the guest can change what reads it.
            state['values'] = loads(r['values']) if call is None else None
            state['code'] = compile(tree, '<program>', 'exec')
            state['call'] = call and compile(call, '<input>', 'eval')
            send('parsed', '')
        except BaseException as e:
            send(*failed(e, 'parse'))

    def run():
        r = state['request']
        values = []
        try:
            g = {'__name__': '__main__'}
            if r['checked']: g['__builtins__'] = checked()
            exec(state['code'], g)
            for _ in range(r['calls']):
                if state['call'] is None:
                    if 'f' not in g: raise NameError("name 'f' is not defined")
                    v = g['f'](*[decode(x) for x in state['values']])
                else: v = eval(state['call'], g)
                text = dumps(encode(v))
                if len(text) > ${VALUE_MAX_CHARS}:
                    state['end'] = ('output', 'a value of %d characters' % len(text))
                    break
                values.append(text)
            else: state['end'] = ('value', values)
        except NotData as e: state['end'] = ('not-data', e.args[0] + ' is no plain data')
        except BaseException as e: state['end'] = failed(e, 'run')
        # What is flushed and written may be the guest's by now: it has its turn before the channel opens.
        try: stdout.flush()
        except BaseException: pass
        state['message'] = b'["memory", "MemoryError"]'
        state['message'] = dumps(state['end']).encode()

    def end():
        write(${RESULT_FD}, state['message'])

    return parse, run, end
__parse, __run, __end = __make()
del __make
# There are no files to import from, and nothing shall look for them.
sys.meta_path[:] = [finder for finder in sys.meta_path if 'PathFinder' not in repr(finder)]
gc.collect()
gc.freeze()
`;
