/** Shorter values would hide ordinary words. */
const shortest = 6;
/** A line longer than this is passed on in parts. */
const longestLine = 64 * 1024;

const shown = '***';

/** Hides secrets in text: each value, each line of one, texts inside JSON, and what basic authentication makes of them. */
export class Mask {
  private readonly hidden: readonly string[];

  constructor(values: readonly string[]) {
    const all = new Set(
      values.flatMap(variants).filter(value => value.length >= shortest && !value.startsWith('-----')),
    );
    // Longest first, so that a part of a secret does not break the whole.
    this.hidden = [...all].sort((a, b) => b.length - a.length);
  }

  text(text: string): string {
    return this.hidden.reduce((masked, value) => masked.replaceAll(value, shown), text);
  }

  /** Takes output in pieces as it comes and hands on whole lines, so that a secret cut in two is found too. */
  lines(write: (text: string) => void): { push: (chunk: Buffer) => void; end: () => void } {
    const decoder = new TextDecoder();
    let rest = '';
    return {
      push: chunk => {
        rest += decoder.decode(chunk, { stream: true });
        const end = rest.lastIndexOf('\n') + 1;
        if (end > 0) write(this.text(rest.slice(0, end)));
        rest = rest.slice(end);
        if (rest.length > longestLine) {
          const keep = Math.min(this.hidden[0]?.length ?? 0, longestLine / 2);
          const masked = this.text(rest);
          write(masked.slice(0, masked.length - keep));
          rest = masked.slice(masked.length - keep);
        }
      },
      end: () => {
        rest += decoder.decode();
        if (rest !== '') write(this.text(rest) + (rest.endsWith('\n') ? '' : '\n'));
        rest = '';
      },
    };
  }
}

function variants(value: string): string[] {
  const trimmed = value.trim();
  const lines = trimmed.split('\n').map(line => line.trim());
  const plain = [trimmed, ...lines, ...textsIn(trimmed)];
  return [...plain, ...plain.map(text => Buffer.from(text).toString('base64')), ...plain.map(encodeURIComponent)];
}

/** Texts in a JSON value, such as a registry's credentials; `auth` holds user and password together. */
function textsIn(json: string): string[] {
  if (!json.startsWith('{')) return [];
  try {
    const texts: string[] = [];
    JSON.parse(json, (key, value: unknown) => {
      if (typeof value !== 'string' || /^(username|email|credsStore)$/.test(key)) return value;
      texts.push(value);
      if (key === 'auth') texts.push(Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':'));
      return value;
    });
    return texts;
  } catch {
    return [];
  }
}
