/** One minus the edit distance in words over the number of words that are there: a word in pieces or glued to its neighbour is wrong. */
export function wordAccuracy(truth: readonly string[], found: readonly string[]): number {
  const expected = truth.join(' ').split(/\s+/);
  const words = found.join(' ').split(/\s+/);
  let above = Array.from({ length: words.length + 1 }, (_, index) => index);
  for (const [row, word] of expected.entries()) {
    const current = [row + 1];
    for (let column = 1; column <= words.length; column++) {
      const substituted = above[column - 1]! + (words[column - 1] === word ? 0 : 1);
      current.push(Math.min(current[column - 1]! + 1, above[column]! + 1, substituted));
    }
    above = current;
  }
  return 1 - above[words.length]! / expected.length;
}
