/** An answer in the wrapper of the arena, which those who do not think leave empty. */
export function answerText(answer: string): string {
  return `<think></think> <answer>${answer}</answer>`;
}
