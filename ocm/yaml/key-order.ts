/** The order of keys that go-yaml writes: runs of digits by value, letters after everything else. */
export function byNaturalOrder(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  let index = 0;
  while (index < a.length && index < b.length && a[index] === b[index]) index += 1;
  const [x, y] = [a[index], b[index]];
  if (x === undefined || y === undefined) return a.length - b.length;
  const letters = [isLetter(x), isLetter(y)];
  if (letters[0] && letters[1]) return codePoint(x) - codePoint(y);
  if (letters[0]) return 1;
  if (letters[1]) return -1;
  // A zero within a longer number counts as a digit of it.
  const within = (x === '0' || y === '0') && /[1-9][0-9]*$/.test(a.slice(0, index).join(''));
  const runs = [digitsFrom(a, index), digitsFrom(b, index)] as const;
  const [m, n] = runs.map(run => BigInt(`${within ? '1' : '0'}${run}`)) as [bigint, bigint];
  if (m !== n) return m < n ? -1 : 1;
  return runs[0].length - runs[1].length || codePoint(x) - codePoint(y);
}

function digitsFrom(text: readonly string[], index: number): string {
  let end = index;
  while (/^[0-9]$/.test(text[end] ?? '')) end += 1;
  return text.slice(index, end).join('');
}

function isLetter(char: string): boolean {
  return /^\p{L}$/u.test(char);
}

function codePoint(char: string): number {
  return char.codePointAt(0) ?? 0;
}
