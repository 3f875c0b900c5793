/** One challenge of a WWW-Authenticate header (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Parses a WWW-Authenticate header, several challenges joined by commas included. What does not parse ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  const text = header.slice(0, 8192);
  const parameter = /\s*,?\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
  const scheme = /[\s,]*([\w!#$%&'*+.^`|~-]+)(?=\s|,|$)/y;
  for (let at = 0; at < text.length;) {
    scheme.lastIndex = at;
    const found = scheme.exec(text);
    if (!found) break;
    const challenge = {
      scheme: (found[1] ?? '').toLowerCase(),
      parameters: Object.create(null) as Record<string, string>,
    };
    challenges.push(challenge);
    at = scheme.lastIndex;
    for (;;) {
      parameter.lastIndex = at;
      const pair = parameter.exec(text);
      if (!pair) break;
      challenge.parameters[(pair[1] ?? '').toLowerCase()] =
        pair[2] === undefined ? (pair[3] ?? '') : pair[2].replace(/\\(.)/g, '$1');
      at = parameter.lastIndex;
    }
  }
  return challenges;
}
