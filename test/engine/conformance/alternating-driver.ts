import type { Driver } from './driver';
import type { World } from './world';

/** Engines that take turns on one stack, step by step. */
export class AlternatingDriver implements Driver {
  readonly name: string;
  private readonly turns = new WeakMap<World, number>();

  constructor(private readonly drivers: readonly [Driver, ...Driver[]]) {
    this.name = drivers.map(({ name }) => name).join('+');
  }

  run(...args: Parameters<Driver['run']>): ReturnType<Driver['run']> {
    const [, world] = args;
    const turn = this.turns.get(world) ?? 0;
    this.turns.set(world, turn + 1);
    const driver = this.drivers[turn % this.drivers.length] ?? this.drivers[0];
    return driver.run(...args);
  }
}
