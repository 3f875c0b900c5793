import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AirlockError, describeError } from '../../report';
import { inOrder, type PipelineSet } from './load';
import type { NamedValue, ParameterSpec, Pipeline, PipelineRun, PipelineTask, Task, Value } from './manifests';
import { fillWorkspace, type Mounts } from './mounts';
import { milliseconds, resolveStep, runStep } from './step';
import { substitute, substituteList, type Variables } from './variables';

export interface Execution {
  /** Name of the run, e.g. `podinfo-component-v1.0.0-1a2b3c4d`. */
  readonly name: string;
  readonly set: PipelineSet;
  readonly run: PipelineRun;
  readonly mounts: Mounts;
  /** An empty folder for everything the run needs on disk. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Lines of the runner itself. */
  readonly say: (line: string) => void;
  /** What steps print. */
  readonly output: (chunk: Buffer) => void;
  readonly onTask?: (task: string, state: 'running' | 'succeeded' | 'failed' | 'skipped') => void;
}

const defaultPipelineTimeout = '1h';
/** Tekton's own limit for one result, in bytes. */
const maxResultBytes = 4096;

/** Runs a pipeline as Tekton would: tasks in order, one at a time, then `finally`. Throws the first failure. */
export async function runPipeline(execution: Execution): Promise<void> {
  const { set, run } = execution;
  const pipeline = set.pipelines.get(run.spec.pipelineRef.name);
  if (!pipeline) throw invalid(`Pipeline ${run.spec.pipelineRef.name} is not there`);
  const where = `Pipeline ${pipeline.metadata.name}`;
  const variables = new Map<string, Value>([
    ['context.pipelineRun.name', execution.name],
    ['context.pipeline.name', pipeline.metadata.name],
    ...parameters(pipeline.spec.params ?? [], run.spec.params ?? [], where),
  ]);
  const workspaces = await bindWorkspaces(pipeline, execution);
  const limit = milliseconds(run.spec.timeouts?.pipeline ?? defaultPipelineTimeout, where);
  const deadline = Date.now() + limit;
  let failure: unknown;
  let skipped = new Set<string>();
  for (const task of inOrder(pipeline, where)) {
    if (failure !== undefined) break;
    try {
      skipped = await runTask(task, { ...execution, variables, workspaces, deadline, skipped });
    } catch (error) {
      failure = error;
    }
  }
  variables.set('tasks.status', failure === undefined ? 'Succeeded' : 'Failed');
  for (const task of pipeline.spec.finally ?? []) {
    try {
      await runTask(task, {
        ...execution,
        variables,
        workspaces,
        deadline: Math.max(deadline, Date.now() + 60_000),
        skipped,
      });
    } catch (error) {
      execution.say(describeError(error));
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure as Error;
}

interface TaskExecution extends Execution {
  readonly variables: Map<string, Value>;
  readonly workspaces: ReadonlyMap<string, string>;
  /** Time of day in milliseconds. */
  readonly deadline: number;
  readonly skipped: ReadonlySet<string>;
}

/** Runs one task, its retries included, and adds its results to the variables. Returns the tasks skipped so far. */
async function runTask(pipelineTask: PipelineTask, execution: TaskExecution): Promise<Set<string>> {
  const { set, say, onTask, variables } = execution;
  const { name } = pipelineTask;
  const skipped = new Set(execution.skipped);
  // A task whose condition does not hold is skipped, and so are those ordered after it for its results.
  if (!conditionsHold(pipelineTask, variables) || usesResultOf(pipelineTask, skipped)) {
    skipped.add(name);
    say(`task ${name} skipped`);
    onTask?.(name, 'skipped');
    return skipped;
  }
  const task = set.tasks.get(pipelineTask.taskRef.name);
  if (!task) throw invalid(`Task ${pipelineTask.taskRef.name} is not there`);
  onTask?.(name, 'running');
  for (let attempt = 0; ; attempt++) {
    try {
      await runSteps(pipelineTask, task, execution);
      break;
    } catch (error) {
      if (execution.signal.aborted || attempt >= (pipelineTask.retries ?? 0)) {
        if (!execution.signal.aborted) onTask?.(name, 'failed');
        throw error;
      }
      say(`${describeError(error)}; trying again`);
    }
  }
  onTask?.(name, 'succeeded');
  return skipped;
}

async function runSteps(pipelineTask: PipelineTask, task: Task, execution: TaskExecution): Promise<void> {
  const { name } = pipelineTask;
  const where = `task ${name}`;
  const folder = join(execution.folder, 'tasks', name);
  await rm(folder, { recursive: true, force: true });
  const results = join(folder, 'results');
  await mkdir(results, { recursive: true });
  const given = (pipelineTask.params ?? []).map(param => ({
    name: param.name,
    value: filled(param.value, execution.variables, where),
  }));
  const variables = new Map<string, Value>([
    ...[...execution.variables].filter(([key]) => key.startsWith('context.')),
    ['context.task.name', task.metadata.name],
    ['context.taskRun.name', `${execution.name}-${name}`],
    ...parameters(task.spec.params ?? [], given, where),
    ...(await taskWorkspaces(pipelineTask, task, execution, where)),
  ]);
  for (const result of task.spec.results ?? []) {
    variables.set(`results.${result.name}.path`, join(results, result.name));
    await writeFile(join(results, result.name), '');
  }
  const taskLimit = pipelineTask.timeout === undefined ? Infinity : milliseconds(pipelineTask.timeout, where);
  const deadline = Math.min(execution.deadline, Date.now() + taskLimit);
  for (const [index, step] of task.spec.steps.entries()) {
    const title = `${name}/${step.name ?? index}`;
    const stepFolder = join(folder, String(index));
    await mkdir(stepFolder, { recursive: true, mode: 0o700 });
    const begun = Date.now();
    execution.say(`step ${title}`);
    try {
      const timeoutMs = Math.max(1, deadline - Date.now());
      const context = {
        title,
        variables,
        mounts: execution.mounts,
        folder: stepFolder,
        defaultWorkingDir: stepFolder,
        timeoutMs,
      };
      await runStep(await resolveStep(step, task.spec.stepTemplate, context), execution.output, execution.signal);
      execution.say(`step ${title} done in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    } catch (error) {
      if (step.onError !== 'continue' || execution.signal.aborted) throw error;
      execution.say(`${describeError(error)}; going on, as the step asks`);
    }
  }
  for (const result of task.spec.results ?? []) {
    const value = await readFile(join(results, result.name));
    if (value.length > maxResultBytes)
      throw invalid(`result ${result.name} of ${where} is larger than ${maxResultBytes} bytes`);
    execution.variables.set(`tasks.${name}.results.${result.name}`, value.toString('utf8'));
  }
}

async function bindWorkspaces(pipeline: Pipeline, { run, folder, mounts }: Execution): Promise<Map<string, string>> {
  const bound = new Map<string, string>();
  for (const declared of pipeline.spec.workspaces ?? []) {
    const binding = run.spec.workspaces?.find(each => each.name === declared.name);
    if (!binding) {
      if (declared.optional) continue;
      throw invalid(`the run binds no workspace ${declared.name} of Pipeline ${pipeline.metadata.name}`);
    }
    const path = join(folder, 'workspaces', declared.name);
    await fillWorkspace(mounts, binding, path);
    bound.set(declared.name, path);
  }
  return bound;
}

async function taskWorkspaces(
  pipelineTask: PipelineTask,
  task: Task,
  execution: TaskExecution,
  where: string,
): Promise<[string, Value][]> {
  const entries: [string, Value][] = [];
  for (const declared of task.spec.workspaces ?? []) {
    const given = pipelineTask.workspaces?.find(each => each.name === declared.name);
    const root = given && execution.workspaces.get(given.workspace ?? given.name);
    if (!given || root === undefined) {
      if (!declared.optional) throw invalid(`${where} binds no workspace ${declared.name}`);
      entries.push([`workspaces.${declared.name}.bound`, 'false'], [`workspaces.${declared.name}.path`, '']);
      continue;
    }
    const path = join(root, substitute(given.subPath ?? '', execution.variables, where));
    if (path !== root && !path.startsWith(`${root}/`))
      throw invalid(`${where}: subPath of workspace ${declared.name} leaves it`);
    await mkdir(path, { recursive: true });
    entries.push([`workspaces.${declared.name}.bound`, 'true'], [`workspaces.${declared.name}.path`, path]);
  }
  return entries;
}

/** Declared parameters with what is given or their default. A missing or an undeclared one is an error. */
function parameters(
  declared: readonly ParameterSpec[],
  given: readonly NamedValue[],
  where: string,
): [string, Value][] {
  const extra = given.find(each => !declared.some(spec => spec.name === each.name));
  if (extra) throw invalid(`${where} has no parameter ${extra.name}`);
  return declared.map(spec => {
    const value = given.find(each => each.name === spec.name)?.value ?? spec.default;
    if (value === undefined) throw invalid(`${where}: parameter ${spec.name} has no value`);
    if ((spec.type === 'array') !== (typeof value !== 'string'))
      throw invalid(`${where}: parameter ${spec.name} must be ${spec.type ?? 'string'}`);
    return [`params.${spec.name}`, value];
  });
}

function conditionsHold(task: PipelineTask, variables: Variables): boolean {
  return (task.when ?? []).every(({ input, operator, values }) => {
    const where = `task ${task.name}, when`;
    const among = substituteList(values, variables, where).includes(substitute(input, variables, where));
    return operator === 'in' ? among : !among;
  });
}

function usesResultOf(task: PipelineTask, skipped: ReadonlySet<string>): boolean {
  const text = JSON.stringify([task.params, task.when]);
  return [...skipped].some(name => text.includes(`$(tasks.${name}.results.`));
}

function filled(value: Value, variables: Variables, where: string): Value {
  if (typeof value !== 'string') return substituteList(value, variables, where);
  const whole = /^\$\(params\.([\w-]+)\[\*\]\)$/.exec(value);
  const list = whole && variables.get(`params.${whole[1] ?? ''}`);
  return list && typeof list !== 'string' ? list : substitute(value, variables, where);
}

function invalid(message: string): AirlockError {
  return new AirlockError({ code: 'release.invalid-pipeline', message, remedy: 'Correct the pipeline manifests' });
}
