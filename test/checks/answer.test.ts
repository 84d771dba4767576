import { expect, test } from 'vitest';
import { takeAnswer } from '../../src/checks/answer.ts';

test.each([
  ['I think f was called: input(1, (2, 3)) gives it.', '1, (2, 3)'],
  ['input(\nno bracket here\nbut input("a") and input("b") here', '"a") and input("b"'],
  ['inputs(1), my_input(2) and input(3)', '3'],
  ['input(1', 'input(1'],
  ['a) input(', 'a) input('],
  ['<input>4\n5</input> <input>6</input>', '4\n5'],
  ['</input> <input>7', '</input> <input>7'],
  ['# Input: 8\ninput(9)', '8'],
  ['The input is: 10.', '10'],
])('%j holds the input %j', (text, input) => {
  expect(takeAnswer(text, 'input', 'python')).toBe(input);
});

test('texts made of openings are looked through once', () => {
  // By trying every opening, a second each.
  for (const piece of ['input(', '<input>', '# Input:', 'the input is ', '```', '```input\n', '<output>'])
    for (const kind of ['input', 'output', 'program'] as const) {
      const text = piece.repeat(65_536 / piece.length);
      const began = performance.now();
      takeAnswer(text, kind, 'python');
      expect(performance.now() - began, piece).toBeLessThan(500);
    }
});
