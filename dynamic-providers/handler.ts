import type { dynamic } from '@pulumi/pulumi';
import { describeError, errorToLine } from '../report';

/** How Pulumi writes a value that is not known yet, in a preview. May stand anywhere in the inputs. */
export const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Inputs as `check` and `diff` get them: any value, at any depth, may be unknown. */
export type Unchecked<I> = { readonly [K in keyof I]?: I[K] | typeof unknownValue };

/**
 * What a dynamic resource does, typed. `check` and `diff` also run in previews and write nothing outside; `create` adopts
 * what an interrupted run left; `delete` of something gone is done; `read` runs on refresh.
 *
 * @typeParam I Checked inputs.
 * @typeParam O Outputs; they hold all inputs too, since `read` and `delete` get nothing else.
 */
export interface Handler<I extends object, O extends I> {
  /** Fills in defaults and refuses what is wrong. Unknown in, unknown out. */
  check(olds: Unchecked<I>, news: Unchecked<I>): Promise<dynamic.CheckResult<Unchecked<I>>>;
  /** Compares old outputs, new inputs and what is outside. */
  diff(id: string, olds: O, news: Unchecked<I>): Promise<dynamic.DiffResult>;
  create(inputs: I): Promise<{ readonly id: string; readonly outs: O }>;
  update(id: string, olds: O, news: I): Promise<{ readonly outs: O }>;
  /** Undefined: it is gone. */
  read(id: string, props: O): Promise<O | undefined>;
  delete(id: string, props: O): Promise<void>;
}

/** What travels over Pulumi's protocol. */
export type Properties = Record<string, unknown>;

/** The functions that the text of a {@link HandledResource} looks for in a handler's module. */
export interface Served {
  readonly check: (olds: object, news: object) => Promise<dynamic.CheckResult<Properties>>;
  readonly diff: (id: string, olds: object, news: object) => Promise<dynamic.DiffResult>;
  readonly create: (inputs: object) => Promise<dynamic.CreateResult<Properties>>;
  readonly update: (id: string, olds: object, news: object) => Promise<dynamic.UpdateResult<Properties>>;
  readonly read: (id: string, props: object) => Promise<dynamic.ReadResult<Properties>>;
  /** Exported as `delete`, which cannot be a variable's name. */
  readonly remove: (id: string, props: object) => Promise<void>;
}

/**
 * A handler as Pulumi's dynamic provider process calls it: without the provider's own text among the properties, without
 * undefined values (which the protocol cannot carry), and with failures as one line instead of a stack.
 *
 * ```ts
 * export const { check, diff, create, update, read, remove } = served(new OrganizationHandler());
 * export { remove as delete };
 * ```
 */
export function served<I extends object, O extends I>(handler: Handler<I, O>): Served {
  return {
    check: (olds, news) =>
      told(async () => {
        const { inputs, failures } = await handler.check(own<Unchecked<I>>(olds), own<Unchecked<I>>(news));
        return { ...(inputs ? { inputs: plain(inputs) } : {}), ...(failures ? { failures } : {}) };
      }),
    diff: (id, olds, news) => told(() => handler.diff(id, own<O>(olds), own<Unchecked<I>>(news))),
    create: inputs =>
      told(async () => {
        const { id, outs } = await handler.create(own<I>(inputs));
        return { id, outs: plain(outs) };
      }),
    update: (id, olds, news) =>
      told(async () => ({ outs: plain((await handler.update(id, own<O>(olds), own<I>(news))).outs) })),
    read: (id, props) =>
      told(async () => {
        const found = await handler.read(id, own<O>(props));
        return found ? { id, props: plain(found) } : { id: '', props: {} };
      }),
    remove: (id, props) => told(() => handler.delete(id, own<O>(props))),
  };
}

/** True when the value is unknown, or holds something unknown at any depth. */
export function isUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(isUnknown);
}

function own<T>(properties: object): T {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => key !== '__provider')) as T;
}

/** Without undefined values, at any depth. */
function plain(value: object): Properties {
  return JSON.parse(JSON.stringify(value)) as Properties;
}

/**
 * Pulumi prints what is thrown with its stack, several times: the reader gets the sentence only. The embedded engine, which says
 * so in the environment, gets the whole failure: its code decides how the command exits.
 */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const whole = process.env['AIRLOCK_ENGINE'] !== undefined;
    const sentence = new Error(whole ? errorToLine(error) : describeError(error).replace(/\s*\n\s*/g, ' '));
    sentence.stack = '';
    throw sentence;
  }
}
