import { isDeepStrictEqual } from 'node:util';
import type { dynamic } from '@pulumi/pulumi';
import { Gitea } from '../../forge';
import { describeError, hasCode } from '../../report';
import { isUnknown, type Handler, type Unchecked } from '../handler';

/** Resolved `ForgeConnection`. */
export interface Connection {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export interface ForgeInputs {
  readonly forge: Connection;
}

/**
 * What all resources on the forge have in common: inputs are checked without a call; `diff` looks at the forge, so that what
 * somebody changed by hand is put right by the next update; creating is making it so, whatever is there already.
 *
 * @typeParam I Inputs
 * @typeParam F What the forge has, in the words of the `forge` room.
 * @typeParam S Outputs beyond the inputs.
 */
export abstract class ForgeHandler<I extends ForgeInputs, F, S extends object> implements Handler<I, I & S> {
  /** Inputs that name the thing: another value is another thing. */
  protected abstract readonly identity: readonly (keyof I & string)[];
  /** Inputs that must be text and not empty. */
  protected abstract readonly required: readonly (keyof I & string)[];
  /** Values of inputs that are left out. */
  protected readonly defaults: Partial<I> = {};

  protected abstract idOf(inputs: I): string;
  /** What there is now, or undefined. */
  protected abstract find(forge: Gitea, inputs: I, olds?: I & S): Promise<F | undefined>;
  /** Whether what there is differs from what is wanted. */
  protected abstract differs(found: F, inputs: I): boolean;
  /** Makes it so: creates, or changes what was found. */
  protected abstract apply(forge: Gitea, inputs: I, found: F | undefined, olds?: I & S): Promise<F>;
  protected abstract remove(forge: Gitea, props: I & S): Promise<void>;
  protected abstract outputs(found: F, forge: Gitea, inputs: I, olds?: I & S): S;
  /** Inputs as the forge has them, so that a refresh shows what was changed by hand. */
  protected inputsFound(_found: F): Partial<I> {
    return {};
  }
  /** Failures beyond missing values. Values may be unknown. */
  protected refuse(_inputs: Unchecked<I>): dynamic.CheckFailure[] {
    return [];
  }
  /** A change of something the forge does not tell, such as a password. */
  protected hiddenChange(_inputs: I, _olds: (I & S) | undefined): boolean {
    return false;
  }

  check(_olds: Unchecked<I>, news: Unchecked<I>): Promise<dynamic.CheckResult<Unchecked<I>>> {
    const given = Object.entries(news).filter(([, value]) => value !== undefined && value !== null);
    const inputs: Unchecked<I> = { ...this.defaults, ...(Object.fromEntries(given) as Unchecked<I>) };
    const failures = [
      ...connectionFailures(inputs.forge),
      ...this.required.flatMap(key => textFailures(key, inputs[key])),
      ...this.refuse(inputs),
    ];
    return Promise.resolve(failures.length > 0 ? { inputs, failures } : { inputs });
  }

  async diff(_id: string, olds: I & S, news: Unchecked<I>): Promise<dynamic.DiffResult> {
    const replaces = this.identity.filter(key => !isUnknown(news[key]) && !isDeepStrictEqual(news[key], olds[key]));
    if (replaces.length > 0) return { changes: true, replaces };
    const changed = Object.keys(news).some(key => !isDeepStrictEqual(news[key as keyof I], olds[key as keyof I]));
    if (changed) return { changes: true };
    const inputs = news as I;
    try {
      const found = await this.find(giteaAt(inputs.forge), inputs, olds);
      return { changes: found === undefined || this.differs(found, inputs) };
    } catch (error) {
      if (!hasCode(error, 'forge.unreachable') && !hasCode(error, 'forge.moved')) throw error;
      // A preview is still worth something without it; the update itself will fail where it has work to do.
      const { url } = inputs.forge;
      if (!uncompared.has(url)) console.warn(`What is on the forge ${url} is not compared: ${describeError(error)}`);
      uncompared.add(url);
      return { changes: false };
    }
  }

  async create(inputs: I): Promise<{ id: string; outs: I & S }> {
    return { id: this.idOf(inputs), outs: await this.settle(inputs) };
  }

  async update(_id: string, olds: I & S, news: I): Promise<{ outs: I & S }> {
    return { outs: await this.settle(news, olds) };
  }

  async read(_id: string, props: I & S): Promise<(I & S) | undefined> {
    const forge = giteaAt(props.forge);
    const found = await this.find(forge, props, props);
    return found && { ...props, ...this.outputs(found, forge, props, props), ...this.inputsFound(found) };
  }

  async delete(_id: string, props: I & S): Promise<void> {
    try {
      await this.remove(giteaAt(props.forge), props);
    } catch (error) {
      // What has another name now is not this resource's any more.
      if (!hasCode(error, 'forge.moved')) throw error;
    }
  }

  /** Changed credentials alone lead here too: what is there is as wanted then, and nothing is written. */
  private async settle(inputs: I, olds?: I & S): Promise<I & S> {
    const forge = giteaAt(inputs.forge);
    const found = await this.find(forge, inputs, olds);
    const asWanted = found !== undefined && !this.differs(found, inputs) && !this.hiddenChange(inputs, olds);
    const settled = asWanted ? found : await this.apply(forge, inputs, found, olds);
    return { ...inputs, ...this.outputs(settled, forge, inputs, olds) };
  }
}

/** Forges that could not be looked at in this run: said once, not for each of their resources. */
const uncompared = new Set<string>();

export function giteaAt({ url, username, password }: Connection): Gitea {
  return new Gitea({ url, credentials: { username, password } });
}

function connectionFailures(forge: unknown): dynamic.CheckFailure[] {
  if (isUnknown(forge)) return [];
  if (typeof forge !== 'object' || forge === null)
    return [{ property: 'forge', reason: 'forge is missing; give url, username and password' }];
  const connection = forge as Partial<Connection>;
  return (['url', 'username', 'password'] as const).flatMap(key => textFailures(`forge.${key}`, connection[key]));
}

export function textFailures(property: string, value: unknown): dynamic.CheckFailure[] {
  if (isUnknown(value) || (typeof value === 'string' && value !== '')) return [];
  return [
    { property, reason: value === undefined ? `${property} is missing` : `${property} must be text and not empty` },
  ];
}
