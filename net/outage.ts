/** How long an origin that could not be reached counts as down. */
const remembered = 10_000;

/**
 * Origins that could not be reached a moment ago, however often that was tried. All clients of a process share it: a program that asks
 * a dead service for one thing after the other waits once, not for each.
 */
export class Outages {
  private readonly until = new Map<string, number>();

  isDown(origin: string, now = Date.now()): boolean {
    const until = this.until.get(origin);
    if (until !== undefined && until <= now) this.until.delete(origin);
    return until !== undefined && until > now;
  }

  failed(origin: string, now = Date.now()): void {
    this.until.set(origin, now + remembered);
  }

  answered(origin: string): void {
    this.until.delete(origin);
  }
}

export const outages = new Outages();
