/** At most `limit` pieces of work at once, in the order they came. */
export class Semaphore {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.free = Math.max(1, limit);
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>(resolve => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

/** Something others wait for until it is opened. */
export class Gate {
  readonly opened: Promise<void>;
  private resolve: () => void = () => undefined;

  constructor() {
    this.opened = new Promise(resolve => (this.resolve = resolve));
  }

  open(): void {
    this.resolve();
  }
}
