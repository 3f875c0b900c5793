/** Matches one path segment against `*`, `?`, `[a-z]` and `\x`, in time proportional to the product of their lengths. */
export function matchSegment(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
      continue;
    }
    const width = p < pattern.length ? matchOne(pattern, p, text.charAt(t)) : 0;
    if (width > 0) {
      p += width;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** Length of the pattern element at `p` where it matches the character, else 0. */
function matchOne(pattern: string, p: number, char: string): number {
  const element = pattern.charAt(p);
  if (element === '?') return 1;
  if (element === '\\' && p + 1 < pattern.length) return pattern[p + 1] === char ? 2 : 0;
  if (element === '[') {
    const end = pattern.indexOf(']', p + 2);
    if (end > 0) return matchClass(pattern.slice(p + 1, end), char) ? end - p + 1 : 0;
  }
  return element === char ? 1 : 0;
}

function matchClass(body: string, char: string): boolean {
  const negated = body.startsWith('!') || body.startsWith('^');
  const set = negated ? body.slice(1) : body;
  let inside = false;
  for (let i = 0; i < set.length; i++) {
    const from = set.charAt(i);
    const to = set[i + 1] === '-' && i + 2 < set.length ? set.charAt(i + 2) : from;
    if (to !== from) i += 2;
    if (from <= char && char <= to) inside = true;
  }
  return inside !== negated;
}

/** Matches whole paths, segment by segment; `**` stands for any number of segments. */
export function matchSegments(pattern: readonly string[], path: readonly string[]): boolean {
  // reachable[i]: the pattern read so far matches the first i segments.
  let reachable = path.map(() => false);
  reachable.unshift(true);
  for (const [index, element] of pattern.entries()) {
    const next = reachable.map(() => false);
    if (element === '**') {
      // At the end it stands for what is inside, so for one segment at least.
      const least = index === pattern.length - 1 && index > 0 ? 1 : 0;
      const first = reachable.indexOf(true);
      if (first >= 0) for (let i = first + least; i < next.length; i++) next[i] = true;
    } else {
      for (let i = 1; i < next.length; i++)
        next[i] = reachable[i - 1] === true && matchSegment(element, path[i - 1] ?? '');
    }
    reachable = next;
  }
  return reachable[path.length] === true;
}
