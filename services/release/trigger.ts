import { AirlockError } from '../../report';
import type { PipelineSet } from './load';
import type { EventListener, Interceptor, PipelineRun } from './manifests';
import { substitute, type Variables } from './variables';

/** What the forge sent. */
export interface DeliveredEvent {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  /** The EventListener that it was sent to; undefined: to all of them. */
  readonly listener?: string;
}

type Trigger = EventListener['spec']['triggers'][number];

/**
 * The pipeline run that an event asks for, resolved the way Tekton Triggers does: interceptors filter, bindings take values from
 * the event, the template gets them. Undefined: no trigger is for this event.
 */
export function runFor(set: PipelineSet, event: DeliveredEvent): PipelineRun | undefined {
  for (const [listenerName, listener] of set.listeners) {
    if (event.listener !== undefined && event.listener !== listenerName) continue;
    for (const trigger of listener.spec.triggers) {
      const where = `EventListener ${listenerName}, trigger ${trigger.name}`;
      if ((trigger.interceptors ?? []).every(interceptor => passes(interceptor, event, where)))
        return resolved(set, trigger, event);
    }
  }
  return undefined;
}

function resolved(set: PipelineSet, trigger: Trigger, event: DeliveredEvent): PipelineRun | undefined {
  const bound = new Map<string, string>();
  for (const { ref } of trigger.bindings) {
    const where = `TriggerBinding ${ref}`;
    for (const { name, value } of set.bindings.get(ref)?.spec.params ?? [])
      bound.set(name, substitute(value, new EventVariables(event), where));
  }
  const template = set.templates.get(trigger.template.ref);
  if (!template) return undefined;
  const variables = new Map<string, string>();
  for (const { name, default: fallback } of template.spec.params ?? []) {
    const value = bound.get(name) ?? fallback;
    if (value !== undefined) variables.set(`tt.params.${name}`, value);
  }
  const run = template.spec.resourcetemplates[0];
  return run && filled(run, variables, `TriggerTemplate ${template.metadata.name}`);
}

/** Every text of the template; nothing but `tt.params` has a value yet, the rest is the run's business. */
function filled(run: PipelineRun, variables: Variables, where: string): PipelineRun {
  const fill = (node: unknown): unknown => {
    if (typeof node === 'string') return node.includes('$(tt.params') ? substitute(node, variables, where) : node;
    if (Array.isArray(node)) return node.map(fill);
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fill(value)]));
    return node;
  };
  return fill(run) as PipelineRun;
}

/** The two interceptors that release pipelines need. Signatures are verified before an event gets here. */
function passes(interceptor: Interceptor, event: DeliveredEvent, where: string): boolean {
  const parameter = (name: string) => interceptor.params?.find(each => each.name === name)?.value;
  if (interceptor.ref.name === 'github') {
    const types = parameter('eventTypes');
    return !Array.isArray(types) || types.includes(event.headers['x-github-event'] ?? event.headers['x-gitea-event']);
  }
  const filter = parameter('filter');
  return holds(typeof filter === 'string' ? filter : 'true', event, where);
}

/** Filters of the form `body.a.b == 'text'`, joined by `&&`. CEL proper takes Tekton. */
function holds(filter: string, event: DeliveredEvent, where: string): boolean {
  return filter.split('&&').every(part => {
    if (part.trim() === 'true') return true;
    const match = /^\s*(body(?:\.\w+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|(true|false))\s*$/.exec(part);
    if (!match) {
      throw new AirlockError({
        code: 'release.unsupported-filter',
        message: `The release runner cannot evaluate the filter ${part.trim()}`,
        remedy: "Write filters as body.field == 'text', joined by &&, or run this pipeline with Tekton",
        where,
      });
    }
    const expected = match[3] ?? match[4] ?? match[5] ?? '';
    const equal = scalar(valueAt(event, match[1] ?? '')) === expected;
    return match[2] === '==' ? equal : !equal;
  });
}

/** `body.release.tag_name`, `body.commits[0].id`, `header.X-Gitea-Event`, read from the event when asked for. */
class EventVariables extends Map<string, string> {
  constructor(private readonly event: DeliveredEvent) {
    super();
  }
  override get(name: string): string | undefined {
    return scalar(valueAt(this.event, name));
  }
}

function valueAt(event: DeliveredEvent, path: string): unknown {
  const [root, ...parts] = path.replace(/\[(\d+)\]/g, '.$1').split('.');
  if (root === 'header') return event.headers[parts.join('.').toLowerCase()];
  let value: unknown = root === 'body' ? event.body : undefined;
  for (const part of parts) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Text stands for itself; anything else is written as JSON, as Tekton does. */
function scalar(value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
}
