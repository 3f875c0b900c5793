import { isObject } from '../yaml';
import type { Label } from './types';

export interface Provider {
  readonly name: string;
  readonly labels?: readonly Label[];
}

/** The provider behind the v2 string, which is a name or a JSON object. */
export function providerOf(text: string): Provider {
  if (!text.trimStart().startsWith('{')) return { name: text };
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed) && typeof parsed.name === 'string') return parsed as unknown as Provider;
  } catch {
    // A name that happens to start with a brace.
  }
  return { name: text };
}

/** The v2 string of a provider: its name alone when there are no labels. */
export function providerString(provider: Provider): string {
  return provider.labels === undefined || provider.labels.length === 0 ? provider.name : JSON.stringify(provider);
}
