/** How far an object is from doing its work. */
export interface Readiness {
  /** `failed`: waiting longer does not help by itself. */
  readonly state: 'ready' | 'progressing' | 'failed';
  /** For people: what it waits for, or why it failed, from the pod up. Empty when ready. */
  readonly reason: string;
}

export const ready: Readiness = { state: 'ready', reason: '' };

export function progressing(reason: string): Readiness {
  return { state: 'progressing', reason };
}

export function failed(reason: string): Readiness {
  return { state: 'failed', reason };
}
